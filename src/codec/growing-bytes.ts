const BYTES_AT_START = 8_192
/** A buffer that grew beyond this for one large value is let go. */
const BYTES_KEPT = 1_048_576

/** Bytes one behind the other, in a buffer that grows and is used again. What writers of a format are made of. */
export class GrowingBytes {
  protected buffer = new Uint8Array(BYTES_AT_START)
  protected at = 0

  /** Begins anew: what was written and not taken is gone. */
  reset(): void {
    this.at = 0
    if (this.buffer.length > BYTES_KEPT) this.buffer = new Uint8Array(BYTES_AT_START)
  }

  /** What was written, until the next `reset`. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.at)
  }

  /** A copy of what was written, and a beginning anew. */
  take(): Uint8Array<ArrayBuffer> {
    const whole = this.buffer.slice(0, this.at)
    this.reset()
    return whole
  }

  writeByte(byte: number): void {
    this.reserve(1)
    this.buffer[this.at++] = byte
  }

  /** Makes room for so many bytes more. */
  protected reserve(length: number): void {
    const needed = this.at + length
    if (needed <= this.buffer.length) return
    const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2))
    larger.set(this.buffer.subarray(0, this.at))
    this.buffer = larger
  }
}
