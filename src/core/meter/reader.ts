import { readUtf8 } from '../../codec/dag-cbor/utf8.ts'
import type { MeterRefusal, RefusalCode } from './refusal.ts'

/**
 * A cursor over the module. It never throws: the first offence is kept in `refusal`, the cursor jumps to its end,
 * and every later read gives 0, so a caller may look at `refusal` once a step instead of once a read.
 * Numbers are LEB128 in at most the bytes that the specification allows (padded ones pass, as linkers write them).
 * Source: WebAssembly specification, "Binary Format", "Values".
 */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  /** First byte that does not belong to what is being read: a section's or body's end. */
  end: number
  refusal: MeterRefusal | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    this.refusal = undefined
  }

  /** Keeps the first refusal only; always gives 0. */
  refuse(code: RefusalCode, message: string, offset = this.at): 0 {
    this.refusal ??= { code, message, offset }
    this.at = this.end
    return 0
  }

  byte(): number {
    if (this.at >= this.end) return this.refuse('MALFORMED', 'unexpected end')
    return this.bytes[this.at++] as number
  }

  u32(): number {
    const first = this.byte()
    return first < 0x80 ? first : this.#longU32(first)
  }

  #longU32(first: number): number {
    let value = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const last = this.byte()
    if (last > 0x0f) return this.refuse('MALFORMED', 'number of more than 32 bits', this.at - 1)
    return (value | (last << 28)) >>> 0
  }

  /** Passes over a signed number of `bits` bits: 32 or 64. Its value is of no interest to the meter. */
  skipSigned(bits: 32 | 64): void {
    let left: number = bits
    for (; left > 7; left -= 7) if (this.byte() < 0x80) return
    const last = this.byte()
    // the bits past the last one must repeat it: 0, or all ones up to the continuation bit
    const rest = last >> (left - 1)
    if (rest !== 0 && rest !== (1 << (8 - left)) - 1) {
      this.refuse('MALFORMED', `number of more than ${bits} bits`, this.at - 1)
    }
  }

  /** The type of a block: a type index, or minus the byte that stands for a value type or for nothing. */
  blockType(): number {
    const first = this.byte()
    if (first < 0x40) return first
    if (first < 0x80) return -first
    let value = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return byte < 0x40 ? value : this.refuse('MALFORMED', 'negative type index')
    }
    const last = this.byte()
    if (last > 0x0f) return this.refuse('MALFORMED', 'type index of more than 32 bits', this.at - 1)
    return (value | (last << 28)) >>> 0
  }

  /** The length of a list whose items take a byte or more each: never more than the bytes that are left. */
  count(): number {
    const at = this.at
    const count = this.u32()
    if (count > this.end - this.at) return this.refuse('MALFORMED', `list of ${count} past the end`, at)
    return count
  }

  skip(length: number): void {
    if (length > this.end - this.at) this.refuse('MALFORMED', 'unexpected end')
    else this.at += length
  }

  name(): string {
    const length = this.count()
    const at = this.at
    this.skip(length)
    if (this.refusal !== undefined) return ''
    const text = readUtf8(this.bytes, at, at + length)
    if (text === undefined) this.refuse('MALFORMED', 'name that is not UTF-8', at)
    return text ?? ''
  }
}
