const TWO_32 = 2 ** 32
const NOTHING = new Uint8Array(0)

/**
 * Takes fields off the front of bytes of others. What is not there, too long or out of range makes the whole
 * reading `bad` from then on and gives zeros and nothing: the caller asks once, at the end. Bytes are views.
 */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #bad = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get bad(): boolean {
    return this.#bad
  }

  /** True when everything was well and nothing is left. */
  get done(): boolean {
    return !this.#bad && this.#at === this.#bytes.length
  }

  get left(): number {
    return this.#bad ? 0 : this.#bytes.length - this.#at
  }

  fail(): void {
    this.#bad = true
  }

  u8(): number {
    return this.#take(1) ? this.#view.getUint8(this.#at - 1) : 0
  }

  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4, true) : 0
  }

  /** An integer in [0, 2^53). */
  number(): number {
    if (!this.#take(8)) return 0
    const at = this.#at - 8
    const value = this.#view.getUint32(at, true) + TWO_32 * this.#view.getUint32(at + 4, true)
    if (Number.isSafeInteger(value)) return value
    this.#bad = true
    return 0
  }

  flag(): boolean {
    const value = this.u8()
    if (value > 1) this.#bad = true
    return value === 1
  }

  bytes(bytesMax: number): Uint8Array {
    const length = this.u32()
    if (length > bytesMax) this.#bad = true
    return this.raw(length)
  }

  raw(length: number): Uint8Array {
    return this.#take(length) ? this.#bytes.subarray(this.#at - length, this.#at) : NOTHING
  }

  text(bytesMax: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes(bytesMax))
    } catch {
      this.#bad = true // not UTF-8
      return ''
    }
  }

  /** `leastBytes`: what one item takes at least, so that a count that cannot be true costs nothing. */
  list<Item>(leastBytes: number, read: () => Item): Item[] {
    const count = this.u32()
    if (count * leastBytes > this.left) this.#bad = true
    const items: Item[] = []
    for (let n = 0; n < count && !this.#bad; n++) items.push(read())
    return items
  }

  #take(size: number): boolean {
    if (this.#bad || size > this.#bytes.length - this.#at) {
      this.#bad = true
      return false
    }
    this.#at += size
    return true
  }
}
