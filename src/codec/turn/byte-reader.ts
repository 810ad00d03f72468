import { assert } from '../../model/fault.ts'
import type { Rejection, RejectionCode } from '../../model/rejection.ts'

const TWO_32 = 2 ** 32
const NOTHING = new Uint8Array(0)

/**
 * Takes fields off the front of bytes that may be anything. The first thing that is wrong is remembered and every
 * later read gives zeros and nothing, so who reads asks once, at the end. Bytes are views of what was given.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #refusal: Rejection | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get at(): number {
    return this.#at
  }

  get refused(): boolean {
    return this.#refusal !== undefined
  }

  rejection(): Rejection {
    assert(this.#refusal !== undefined, 'a reader that gave no value has a rejection')
    return this.#refusal
  }

  refuse(code: RejectionCode, what: string): void {
    this.#refusal ??= { code, message: `${what}, at byte ${this.#at}` }
  }

  /** Refuses what is left over. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.refuse('MALFORMED', 'more bytes than belong to it')
  }

  u8(): number {
    const at = this.#take(1)
    return this.refused ? 0 : this.#view.getUint8(at)
  }

  u32(): number {
    const at = this.#take(4)
    return this.refused ? 0 : this.#view.getUint32(at, true)
  }

  u64(): number {
    const at = this.#take(8)
    if (this.refused) return 0
    const value = this.#view.getUint32(at, true) + TWO_32 * this.#view.getUint32(at + 4, true)
    if (Number.isSafeInteger(value)) return value
    this.refuse('MALFORMED', 'a number beyond 2^53')
    return 0
  }

  flag(): boolean {
    const value = this.u8()
    if (value > 1) this.refuse('NOT_CANONICAL', 'a flag that is neither 0 nor 1')
    return value === 1
  }

  /** How many of something follow, each of so many bytes at least: what is not there is refused before it is made. */
  count(bytesMin: number): number {
    const count = this.u32()
    if (count * bytesMin <= this.#bytes.length - this.#at) return count
    this.refuse('MALFORMED', 'cut short')
    return 0
  }

  /** Length, then the bytes; TOO_LARGE above the bound. */
  sized(bytesMax: number): Uint8Array {
    const length = this.u32()
    if (length > bytesMax) this.refuse('TOO_LARGE', `${length} bytes where ${bytesMax} are allowed`)
    return this.bytes(length)
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.refused ? NOTHING : this.#bytes.subarray(at, at + length)
  }

  #take(size: number): number {
    const at = this.#at
    if (size > this.#bytes.length - at) this.refuse('MALFORMED', 'cut short')
    if (!this.refused) this.#at = at + size
    return at
  }
}
