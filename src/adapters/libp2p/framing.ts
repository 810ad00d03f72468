import { FrameSplitter } from '../../codec/raft-frame/length-prefix.ts'
import type { Rejection } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'

/**
 * The first frame of a stream; undefined: it ended before. What follows the frame is not read. Rejects TOO_LARGE before
 * anything of a longer frame is kept, MALFORMED for an empty one. Throws what the stream throws.
 */
export async function firstFrame(
  pieces: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Result<Uint8Array | undefined, Rejection>> {
  const splitter = new FrameSplitter(bytesMax)
  for await (const piece of pieces) {
    const frames = splitter.take(piece)
    if (!frames.ok) return err(frames.error)
    if (frames.value[0] !== undefined) return ok(frames.value[0])
  }
  return ok(undefined)
}
