import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { concatBytes } from '../bytes.ts'

const PREFIX_BYTES = 4

/** Bytes before a frame on a stream: its length, a u32 in little-endian. */
export function lengthPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES)
  new DataView(prefix.buffer).setUint32(0, length, true)
  return prefix
}

/** Frames as they stand on a stream, each with its length before it, in one array. */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = frames.reduce((sum, { length }) => sum + PREFIX_BYTES + length, 0)
  const whole = new Uint8Array(bytes)
  const view = new DataView(whole.buffer)
  let at = 0
  for (const frame of frames) {
    view.setUint32(at, frame.length, true)
    whole.set(frame, at + PREFIX_BYTES)
    at += PREFIX_BYTES + frame.length
  }
  return whole
}

/** Puts the pieces of a stream together to frames. After a rejection it is of no use any more. */
export class FrameSplitter {
  readonly #bytesMax: number
  #parts: Uint8Array[] = []
  #bytes = 0
  /** So many bytes there must be before anything new can be said: the next prefix, or the next frame with its own. */
  #needed = PREFIX_BYTES

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
    return this.#bytes < this.#needed ? ok([]) : this.#split(this.#joined())
  }

  #split(whole: Uint8Array): Result<readonly Uint8Array[], Rejection> {
    const frames: Uint8Array[] = []
    const view = new DataView(whole.buffer, whole.byteOffset, whole.length)
    let at = 0
    this.#needed = PREFIX_BYTES
    while (whole.length - at >= PREFIX_BYTES) {
      const length = view.getUint32(at, true)
      if (length > this.#bytesMax) return reject('TOO_LARGE', `a frame of ${length} bytes`)
      if (length === 0) return reject('MALFORMED', 'an empty frame')
      const end = at + PREFIX_BYTES + length
      if (end > whole.length) {
        this.#needed = PREFIX_BYTES + length
        break
      }
      frames.push(whole.slice(at + PREFIX_BYTES, end))
      at = end
    }
    this.#bytes = whole.length - at
    this.#parts = this.#bytes === 0 ? [] : [whole.subarray(at)]
    return ok(frames)
  }

  #joined(): Uint8Array {
    const [first] = this.#parts
    return this.#parts.length === 1 && first !== undefined ? first : concatBytes(...this.#parts)
  }
}
