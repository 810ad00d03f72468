import { concatBytes } from '../bytes.ts'
import { LINE_BYTES_MAX } from './limits.ts'

/** A line as it was found: its bytes without the newline, and where it starts in its segment. */
export interface RawLine {
  /** Valid until the next chunk. Of a line over LINE_BYTES_MAX only a part, which is over it too. */
  readonly bytes: Uint8Array
  readonly offset: number
}

const NEWLINE = 0x0a
const NOTHING = new Uint8Array(0)

/** Cuts chunks of a segment into lines; holds at most LINE_BYTES_MAX and a chunk, however long a line is. */
export class LineSplitter {
  #held = NOTHING as Uint8Array
  #offset: number
  #next: number

  /** `offset`: where in the segment the first chunk starts; a line must start there. */
  constructor(offset = 0) {
    this.#offset = offset
    this.#next = offset
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): readonly RawLine[] {
    const lines: RawLine[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push({ bytes: this.#join(chunk.subarray(start, end)), offset: this.#offset })
      this.#held = NOTHING
      start = end + 1
      this.#offset = this.#next + start
    }
    this.#next += chunk.length
    if (start < chunk.length) this.#held = Uint8Array.from(this.#join(chunk.subarray(start)))
    return lines
  }

  /** What stands after the last newline; `length` is its true size in bytes. */
  rest(): RawLine & { readonly length: number } {
    return { bytes: this.#held, offset: this.#offset, length: this.#next - this.#offset }
  }

  #join(part: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return part
    if (this.#held.length >= LINE_BYTES_MAX) return this.#held
    return concatBytes(this.#held, part)
  }
}
