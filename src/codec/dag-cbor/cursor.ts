import { assert } from '../../model/fault.ts'
import type { Rejection, RejectionCode } from '../../model/rejection.ts'
import { BYTES, MAP } from './major.ts'

/** What a `read` of a length or a number returns once something was refused. */
export const REFUSED = -1

/** The least number that needs 1, 2, 4 and 8 bytes after its head. */
const LEAST_OF_WIDTH = [24, 0x100, 0x1_0000, 0x1_0000_0000] as const

/** A place in an input, and the first thing that was refused of it. */
export class Cursor {
  protected readonly bytes: Uint8Array
  protected at = 0
  private refusal: Rejection | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  rejection(): Rejection {
    assert(this.refusal !== undefined, 'a reader that has no value has a rejection')
    return this.refusal
  }

  /** The number in and after a head, in its shortest form; beyond 2^53 - 1 it is not exact. */
  protected readArgument(head: number): number {
    const start = this.at
    const info = head & 0x1f
    this.at = start + 1
    if (info < 24) return info
    if (info > 27) return this.refuseInfo(head, start)
    const width = 1 << (info - 24)
    if (start + width >= this.bytes.length) return this.refuseNumber('MALFORMED', 'cut short', start)
    this.at = start + 1 + width
    const value = bigEndian(this.bytes, start + 1, width)
    return value >= (LEAST_OF_WIDTH[info - 24] as number)
      ? value
      : this.refuseNumber('NOT_CANONICAL', 'a number that has a shorter form', start)
  }

  /** The same for a head that says how many bytes follow, and they do. */
  protected readLength(head: number): number {
    const start = this.at
    const length = this.readArgument(head)
    return length <= this.bytes.length - this.at ? length : this.refuseNumber('MALFORMED', 'cut short', start)
  }

  /** Every refusal but those of size has a place, so that people can find it in the bytes. */
  protected refuse(code: RejectionCode, what: string, at: number): undefined {
    return this.refuseWhole(code, `${what}, at byte ${at}`)
  }

  protected refuseWhole(code: RejectionCode, message: string): undefined {
    this.refusal ??= { code, message }
    return undefined
  }

  protected refuseNumber(code: RejectionCode, what: string, at: number): number {
    this.refuse(code, what, at)
    return REFUSED
  }

  private refuseInfo(head: number, at: number): number {
    const major = head & 0xe0
    const hasIndefinite = major >= BYTES && major <= MAP
    return hasIndefinite && (head & 0x1f) === 31
      ? this.refuseNumber('NOT_CANONICAL', 'an indefinite length', at)
      : this.refuseNumber('MALFORMED', 'no item of CBOR begins like this', at)
  }
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = at; i < at + width; i++) value = value * 0x100 + (bytes[i] as number)
  return value
}
