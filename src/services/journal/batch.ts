const FIRST_BYTES = 65_536

/** Lines of one segment that are to be written together: one growing run of bytes. */
export class Batch {
  readonly segment: number
  #buffer: Uint8Array = new Uint8Array(FIRST_BYTES)
  #used = 0
  #lines = 0

  constructor(segment: number) {
    this.segment = segment
  }

  get lines(): number {
    return this.#lines
  }

  /** A view: valid until the next line is added. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used)
  }

  /** Copies one line. */
  add(line: Uint8Array): void {
    const end = this.#used + line.length
    if (end > this.#buffer.length) this.#grow(end)
    this.#buffer.set(line, this.#used)
    this.#used = end
    this.#lines++
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    larger.set(this.bytes)
    this.#buffer = larger
  }
}
