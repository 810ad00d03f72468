const FIRST_BYTES = 65_536
const SPARE_BYTES_MAX = 1_048_576

/** Lines of one segment that are to be written together: one growing run of bytes. */
export class Batch {
  readonly segment: number
  #buffer: Uint8Array
  #used = 0
  #lines = 0

  /** Takes over `spare`, the memory of a batch that is done with. */
  constructor(segment: number, spare: Uint8Array = new Uint8Array(FIRST_BYTES)) {
    this.segment = segment
    this.#buffer = spare
  }

  get lines(): number {
    return this.#lines
  }

  /** In bytes. */
  get size(): number {
    return this.#used
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

  /** The memory, for another batch; undefined when it grew too large to keep. */
  release(): Uint8Array | undefined {
    return this.#buffer.length <= SPARE_BYTES_MAX ? this.#buffer : undefined
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    larger.set(this.bytes)
    this.#buffer = larger
  }
}
