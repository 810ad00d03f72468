import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

const PREFIX_BYTES = 4

/** Bytes before a frame on a stream: its length, a u32 in little-endian. */
export function lengthPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES)
  new DataView(prefix.buffer).setUint32(0, length, true)
  return prefix
}

/** Puts the pieces of a stream together to frames. After a rejection it is of no use any more. */
export class FrameSplitter {
  readonly #bytesMax: number
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that wait for the rest of their frame; never more than a frame and a piece. */
  get waiting(): number {
    return this.#bytes
  }

  /** Frames that are whole now. Rejects TOO_LARGE before anything of such a frame is kept, MALFORMED for an empty one. */
  take(piece: Uint8Array): Result<readonly Uint8Array[], Rejection> {
    this.#parts.push(piece)
    this.#bytes += piece.length
    const frames: Uint8Array[] = []
    for (;;) {
      if (this.#bytes < PREFIX_BYTES) return ok(frames)
      const head = this.#join(PREFIX_BYTES)
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0, true)
      if (length > this.#bytesMax) return reject('TOO_LARGE', `a frame of ${length} bytes`)
      if (length === 0) return reject('MALFORMED', 'an empty frame')
      if (this.#bytes < PREFIX_BYTES + length) return ok(frames)
      const whole = this.#join(PREFIX_BYTES + length)
      frames.push(whole.slice(PREFIX_BYTES, PREFIX_BYTES + length))
      this.#parts = [whole.subarray(PREFIX_BYTES + length)]
      this.#bytes -= PREFIX_BYTES + length
    }
  }

  /** The first part, made to hold at least so many bytes. */
  #join(bytes: number): Uint8Array {
    const [first] = this.#parts
    if (first !== undefined && first.length >= bytes) return first
    const whole = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    this.#parts = [whole]
    return whole
  }
}
