const TWO_32 = 2 ** 32
const FIRST_BYTES = 65_536

/** Puts fields after one another into a buffer that grows and is used again. Integers are little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  /** Bytes written since `reset`. */
  get length(): number {
    return this.#at
  }

  reset(): void {
    this.#at = 0
  }

  /** A copy of all that was written. */
  taken(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  /** What was written from `from` on; valid until the next write. */
  since(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.#at)
  }

  // Room is taken first, on a line of its own: it may put another buffer in place of this one.

  u8(value: number): void {
    const at = this.#take(1)
    this.#view.setUint8(at, value)
  }

  u32(value: number): void {
    const at = this.#take(4)
    this.#view.setUint32(at, value, true)
  }

  /** Writes over what stands at `at`. */
  u32At(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  /** A safe integer from 0 on, as 8 bytes. */
  u64(value: number): void {
    const at = this.#take(8)
    this.#view.setUint32(at, value % TWO_32, true)
    this.#view.setUint32(at + 4, Math.floor(value / TWO_32), true)
  }

  /** Length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length)
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Room for so many bytes, to be written over later. */
  gap(size: number): number {
    return this.#take(size)
  }

  #take(size: number): number {
    const at = this.#at
    this.#at = at + size
    if (this.#at > this.#bytes.length) this.#grow()
    return at
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
