import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { FrameSplitter, lengthPrefix } from '../../../../src/codec/raft-frame/length-prefix.ts'

const BYTES_MAX = 64
const anyFrames = fc.array(fc.uint8Array({ minLength: 1, maxLength: BYTES_MAX }), { maxLength: 10 })

function streamOf(frames: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...frames.flatMap((frame) => [lengthPrefix(frame.length), frame]))
}

/** The stream in pieces that end at these places. */
function pieces(stream: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  return places.slice(1).map((to, at) => stream.slice(places[at], to))
}

describe('frames on a stream', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(anyFrames, fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
        const splitter = new FrameSplitter(BYTES_MAX)
        const out = pieces(streamOf(frames), cuts).flatMap((piece) => {
          const taken = splitter.take(piece)
          return taken.ok ? taken.value : []
        })
        expect(out).toEqual(frames)
        expect(splitter.waiting).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  it('above the bound are refused at their length, before anything of them came; empty ones too', () => {
    expect(new FrameSplitter(BYTES_MAX).take(lengthPrefix(BYTES_MAX + 1))).toMatchObject({
      error: { code: 'TOO_LARGE' },
    })
    expect(new FrameSplitter(BYTES_MAX).take(lengthPrefix(0))).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('never wait with more than a frame and a piece, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }), (stream) => {
        const splitter = new FrameSplitter(BYTES_MAX)
        for (const piece of stream) {
          if (!splitter.take(piece).ok) return
          expect(splitter.waiting).toBeLessThanOrEqual(4 + BYTES_MAX + 40)
        }
      }),
      { numRuns: 500 },
    )
  })
})
