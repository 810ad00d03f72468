import { describe, expect, it } from 'vitest'
import { equivocations, heads, linearize } from '../../../../src/core/thread/queries.ts'
import { counts } from '../../../../src/core/thread/view.ts'
import type { Did, EnvelopeId } from '../../../../src/model/ids.ts'
import { env, Fold } from './thread-model.ts'

const chain = [env('a1', 1, []), env('b1', 2, ['a1']), env('b2', 3, ['b1']), env('b3', 4, ['b2'])]
const proofs = (fold: Fold) => fold.effects.filter(({ kind }) => kind === 'equivocation')
const forkedAt = (fold: Fold, sender: string) => fold.maps.senders.get(sender as Did)?.forkedAt

describe('equivocation', () => {
  it('two bodies with one seq are both kept, and told once as proof with ids ascending', () => {
    const fold = new Fold().giveAll(chain)
    expect(fold.outcome(env('b2x', 3, ['b1']))).toBe('accepted')
    expect(proofs(fold)).toEqual([{ kind: 'equivocation', sender: 'b', seq: 2, ids: ['b2', 'b2x'] }])
    expect(linearize(fold.maps).map(({ id }) => id)).toEqual(['a1', 'b1', 'b2', 'b2x', 'b3'])
  })

  it('from the forked seq on nothing of the sender counts; before it everything does', () => {
    const fold = new Fold().giveAll([...chain, env('b2x', 3, ['b1'])])
    const counting = linearize(fold.maps).filter(({ id }) => counts(fold.maps, id))
    expect(counting.map(({ id }) => id)).toEqual(['a1', 'b1'])
    expect(counts(fold.maps, 'unknown' as EnvelopeId)).toBe(false)
  })

  it('what the forked ones were built on is a head again, unless a counting envelope names it', () => {
    const fold = new Fold().giveAll([...chain, env('c1', 2, ['a1']), env('b2x', 4, ['b1', 'c1'])])
    expect(heads(fold.maps)).toEqual(['b1', 'c1'])
    const named = new Fold().giveAll([...chain, env('c1', 3, ['b1']), env('b2x', 4, ['b1', 'c1'])])
    expect(heads(named.maps)).toEqual(['c1'])
  })

  it('what others built on a forked envelope counts', () => {
    const fold = new Fold().giveAll([...chain, env('c1', 5, ['b3']), env('b3x', 4, ['b2'])])
    expect(heads(fold.maps)).toEqual(['b2', 'c1'])
  })

  it('an earlier fork found later takes back more; a later one nothing', () => {
    const fold = new Fold().giveAll([...chain, env('b3x', 4, ['b2'])])
    expect([forkedAt(fold, 'b'), heads(fold.maps)]).toEqual([3, ['b2']])
    fold.give(env('b1x', 2, ['a1']))
    expect([forkedAt(fold, 'b'), heads(fold.maps)]).toEqual([1, ['a1']])
    fold.give(env('b2x', 3, ['b1x']))
    expect([forkedAt(fold, 'b'), heads(fold.maps)]).toEqual([1, ['a1']])
  })

  it('each forked seq is proven by the two smallest ids, in whatever order the bodies came', () => {
    const bodies = [env('b1', 2, ['a1']), env('b1z', 2, ['a1']), env('b1m', 2, ['a1'])]
    for (const order of [bodies, bodies.toReversed()]) {
      const fold = new Fold().giveAll([env('a1', 1, []), ...order])
      expect(equivocations(fold.maps)).toEqual([{ sender: 'b', seq: 1, ids: ['b1', 'b1m'] }])
      expect(proofs(fold)).toHaveLength(1)
      expect(fold.maps.accepted.size).toBe(4)
    }
  })

  it('a seq after the fork with one body proves nothing', () => {
    const fold = new Fold().giveAll([...chain, env('b2x', 3, ['b1'])])
    expect(equivocations(fold.maps)).toEqual([{ sender: 'b', seq: 2, ids: ['b2', 'b2x'] }])
  })

  it('proofs are listed by sender and seq', () => {
    const fold = new Fold().giveAll([
      ...chain,
      env('b3x', 4, ['b2']),
      env('b2x', 3, ['b1']),
      env('a1x', 1, []),
    ])
    expect(equivocations(fold.maps).map(({ sender, seq }) => [sender, seq])).toEqual([
      ['a', 1],
      ['b', 2],
      ['b', 3],
    ])
  })

  it('two openers fork the requester at 1; what others said goes on counting', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('b1', 2, ['a1']), env('a1x', 1, [])])
    expect(forkedAt(fold, 'a')).toBe(1)
    expect(heads(fold.maps)).toEqual(['b1'])
  })

  it('two bodies of one seq that both wait are no equivocation before they are accepted', () => {
    const fold = new Fold().giveAll([env('b1', 2, ['a1']), env('b1x', 2, ['a1'])])
    expect(proofs(fold)).toEqual([])
    fold.give(env('a1', 1, []))
    expect(proofs(fold)).toHaveLength(1)
  })

  it('a second body that is unlawful forks nobody', () => {
    const fold = new Fold().giveAll([...chain, env('b2x', 2, ['b1'])])
    expect(forkedAt(fold, 'b')).toBeNull()
  })
})
