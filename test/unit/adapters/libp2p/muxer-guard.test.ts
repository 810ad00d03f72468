import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  FrameGuard,
  StreamStormError,
  WINDOW_BYTES_MAX,
} from '../../../../src/adapters/libp2p/muxer-guard.ts'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { yamuxHead } from '../../../setup/strangers.ts'

const SYN = 1
const WINDOW_UPDATE = 1

const data = (length: number): Uint8Array => concatBytes(yamuxHead(0, 0, 1, length), new Uint8Array(length))

describe('frames of the multiplexer', () => {
  it('pass however they are cut', () => {
    const all = concatBytes(data(0), data(30), yamuxHead(WINDOW_UPDATE, SYN, 3, 0xffffffff), data(100))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), (cuts) => {
        const guard = new FrameGuard(1, () => 0)
        let at = 0
        for (const cut of cuts) {
          guard.check(all.subarray(at, at + cut))
          at += cut
        }
        guard.check(all.subarray(at))
        expect(() => guard.check(yamuxHead(0, 0, 1, WINDOW_BYTES_MAX + 1))).toThrow(StreamStormError)
      }),
    )
  })

  it('that claim more than a window are refused by their header alone', () => {
    const guard = new FrameGuard(1, () => 0)
    guard.check(yamuxHead(0, 0, 1, WINDOW_BYTES_MAX).subarray(0, 12))
    expect(() => new FrameGuard(1, () => 0).check(yamuxHead(0, 0, 1, 0xffffffff))).toThrow(StreamStormError)
  })

  it('that open more streams than a second has room for are refused', () => {
    let nowMs = 0
    const guard = new FrameGuard(2, () => nowMs)
    const open = yamuxHead(WINDOW_UPDATE, SYN, 1, 0)
    guard.check(concatBytes(open, open))
    expect(() => guard.check(open)).toThrow('too many streams')
    nowMs = 1000
    guard.check(concatBytes(open, open))
  })
})
