/** A buffer that holds anything at all has room for this. */
const BYTES_AT_START = 256

/** What is written, one piece after another, in one buffer that grows up to its bound. */
export class ByteSink {
  readonly #bytesMax: number
  #buffer = new Uint8Array(0)
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** False, with nothing written, when the bound would be passed. */
  write(bytes: Uint8Array): boolean {
    const length = this.#length + bytes.length
    if (length > this.#bytesMax) return false
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(
        Math.min(Math.max(length, this.#buffer.length * 2, BYTES_AT_START), this.#bytesMax),
      )
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = length
    return true
  }

  /** A copy of all that was written. */
  take(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }
}

/** The last bytes of what is written; all before them is forgotten. */
export class ByteTail {
  readonly #bytesMax: number
  #buffer = new Uint8Array(0)
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  write(bytes: Uint8Array): void {
    const last = bytes.subarray(Math.max(0, bytes.length - this.#bytesMax))
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(this.#bytesMax * 2)
    if (this.#length + last.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#length - this.#bytesMax, this.#length)
      this.#length = this.#bytesMax
    }
    this.#buffer.set(last, this.#length)
    this.#length += last.length
  }

  /** For people: what is no UTF-8 becomes U+FFFD. */
  text(): string {
    const from = Math.max(0, this.#length - this.#bytesMax)
    return new TextDecoder().decode(this.#buffer.subarray(from, this.#length))
  }
}
