/**
 * Bytes that grow at the end. Numbers are written in the shortest LEB128.
 * Source: WebAssembly specification, "Binary Format", "Integers".
 */
export class Writer {
  #bytes: Uint8Array
  length = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(Math.max(16, capacity))
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = value
  }

  /** Integer in [0, 2^53). */
  unsigned(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80)
    this.byte(rest)
  }

  /** Signed encoding of an integer in [0, 2^53). */
  signed(value: number): void {
    let rest = value
    for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80)
    this.byte(rest)
  }

  /** `bytes` [from, to). */
  copy(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const size = to - from
    if (this.length + size > this.#bytes.length) this.#grow(size)
    if (size < 32) for (let i = 0; i < size; i++) this.#bytes[this.length + i] = bytes[from + i] as number
    else this.#bytes.set(bytes.subarray(from, to), this.length)
    this.length += size
  }

  /** What `inner` holds, with its length in front: how sections and bodies are stored. */
  sized(inner: Writer): void {
    this.unsigned(inner.length)
    this.copy(inner.view())
  }

  clear(): void {
    this.length = 0
  }

  /** A view: overwritten by what is written after a `clear`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  #grow(more: number): void {
    const bigger = new Uint8Array(Math.max(this.length + more, this.#bytes.length * 2))
    bigger.set(this.view())
    this.#bytes = bigger
  }
}
