import { describe, expect, it } from 'vitest'
import { nextFor } from '../../../../src/core/thread/next.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { env, Fold } from './thread-model.ts'

const place = (fold: Fold, sender: string) => nextFor(fold.maps, sender as Did)

describe('the next place', () => {
  it('in an empty thread is the opener’s', () => {
    expect(place(new Fold(), 'a')).toEqual({ seq: 1, lamport: 1, prev: [] })
  })

  it('of a newcomer names the heads, with lamport one after the highest', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('b1', 2, ['a1']), env('c1', 40, ['a1'])])
    expect(place(fold, 'd')).toEqual({ seq: 1, lamport: 41, prev: ['c1', 'b1'] })
  })

  it('names the own previous one first, head or not', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('b1', 2, ['a1']), env('c1', 3, ['b1'])])
    expect(place(fold, 'b')).toEqual({ seq: 2, lamport: 4, prev: ['b1', 'c1'] })
    expect(place(fold, 'c')).toEqual({ seq: 2, lamport: 4, prev: ['c1'] })
  })

  it('names at most 8: own previous and the 7 heads with the highest lamport, ties by id', () => {
    const fold = new Fold().giveAll([env('a1', 1, [])])
    for (const [n, sender] of 'bcdefghijk'.split('').entries())
      fold.give(env(`${sender}1`, 2 + (n >> 1), ['a1']))
    expect(place(fold, 'b').prev).toEqual(['b1', 'j1', 'k1', 'h1', 'i1', 'f1', 'g1', 'd1'])
  })

  it('of a forked sender goes on from its highest seq and names no other of its own', () => {
    const fold = new Fold().giveAll([
      env('a1', 1, []),
      env('b1', 2, ['a1']),
      env('b2', 3, ['b1']),
      env('b2x', 3, ['b1']),
      env('b3', 4, ['b2x']),
      env('c1', 5, ['a1']),
    ])
    expect(place(fold, 'b')).toEqual({ seq: 4, lamport: 6, prev: ['b3', 'c1'] })
    expect(place(fold, 'd').prev).toEqual(['c1', 'b1'])
  })

  it('where only a forked requester has spoken names the opener with the smallest id', () => {
    const fold = new Fold().giveAll([env('a1x', 9, []), env('a1', 7, [])])
    expect(place(fold, 'b')).toEqual({ seq: 1, lamport: 8, prev: ['a1'] })
    fold.give(env('b1', 8, ['a1']))
    expect(place(fold, 'c')).toEqual({ seq: 1, lamport: 9, prev: ['b1'] })
  })
})
