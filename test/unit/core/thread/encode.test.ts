import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeHeld, encodeThread } from '../../../../src/core/thread/encode.ts'
import { compareCausally } from '../../../../src/core/thread/order.ts'
import { env, Fold, header } from './thread-model.ts'

const fold = new Fold().giveAll([
  env('a1', 1, []),
  env('c1', 2, ['a1']),
  env('b1', 2, ['a1']),
  env('b2', 3, ['b1', 'c1']),
  env('b2x', 3, ['b1']),
  env('d9', 20, ['d8']),
  env('b9', 20, ['b8']),
])

const named = (id: string, sender: string, seq: number, lamport: number) =>
  header({ id, sender, seq, lamport, prev: [] })

describe('listing', () => {
  it('orders by lamport, sender, seq and id, in this order', () => {
    const listed = [
      named('w', 'z', 9, 1),
      named('z', 'a', 5, 2),
      named('x', 'b', 1, 2),
      named('y', 'b', 1, 2),
      named('a', 'b', 2, 2),
    ]
    expect(listed.toReversed().sort(compareCausally)).toEqual(listed)
  })
})

describe('encoded state', () => {
  it('is the accepted envelopes in causal order, the forks and the heads', () => {
    expect(decodeDagCbor(encodeThread(fold.maps))).toEqual({
      ok: true,
      value: {
        thread: 'thread',
        accepted: [
          ['a1', 'a', 1, 1, true, []],
          ['b1', 'b', 1, 2, false, ['a1']],
          ['c1', 'c', 1, 2, false, ['a1']],
          ['b2', 'b', 2, 3, false, ['b1', 'c1']],
          ['b2x', 'b', 2, 3, false, ['b1']],
        ],
        forks: [['b', 2]],
        heads: ['b1', 'c1'],
      },
    })
  })

  it('leaves out the hold, which has an encoding of its own', () => {
    expect(decodeDagCbor(encodeHeld(fold.maps))).toEqual({
      ok: true,
      value: [
        ['b9', 'b', 9, 20, false, ['b8']],
        ['d9', 'd', 9, 20, false, ['d8']],
      ],
    })
  })
})
