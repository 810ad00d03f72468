import { concatBytes } from '../bytes.ts'

/** Bytes of a file that arrive in pieces: what is asked for comes out as one array. Holds what was not taken yet. */
export class ByteQueue {
  readonly #chunks: Iterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Offset in the file of the next byte. */
  #offset = 0

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]()
  }

  get offset(): number {
    return this.#offset
  }

  /** The next bytes, `size` of them or all that are left. They stay as they are. */
  take(size: number): Uint8Array {
    const bytes = this.peek(size)
    this.#at += bytes.length
    this.#offset += bytes.length
    return bytes
  }

  /** As `take`, and they are still to come. */
  peek(size: number): Uint8Array {
    if (this.#buffer.length - this.#at < size) this.#more(size)
    return this.#buffer.subarray(this.#at, this.#at + size)
  }

  /** Bytes up to the next `byte`, without it, which is taken too; undefined where none is within `max`. */
  takeUntil(byte: number, max: number): Uint8Array | undefined {
    let searched = 0
    for (;;) {
      const found = this.#buffer.indexOf(byte, this.#at + searched)
      if (found >= 0) {
        const bytes = this.take(found - this.#at)
        this.take(1)
        return bytes.length <= max ? bytes : undefined
      }
      searched = this.#buffer.length - this.#at
      if (searched > max || !this.#more(searched + 1)) return undefined
    }
  }

  /** A new buffer each time: what was handed out is never written to. False: nothing is left. */
  #more(size: number): boolean {
    const rest = this.#buffer.subarray(this.#at)
    const parts = [rest]
    let length = rest.length
    while (length < size) {
      const next = this.#chunks.next()
      if (next.done === true) break
      parts.push(next.value)
      length += next.value.length
    }
    if (length === rest.length) return false
    this.#buffer = concatBytes(...parts)
    this.#at = 0
    return true
  }
}
