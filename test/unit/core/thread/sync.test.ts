import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differenceFrom, tips } from '../../../../src/core/thread/sync.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import { env, Fold } from './thread-model.ts'
import { deliveries, forkedWorlds } from './world-model.ts'

const ids = (...list: string[]) => list as EnvelopeId[]
const opened = [env('a1', 1, []), env('b1', 2, ['a1']), env('c1', 2, ['a1'])]

/** Two folds of one thread, each given a part of it in some order. */
const halves = forkedWorlds
  .chain(({ lawful }) => fc.tuple(deliveries(lawful), deliveries(lawful), fc.nat(), fc.nat()))
  .map(
    ([one, other, cutOne, cutOther]) =>
      [
        new Fold().giveAll(one.slice(0, cutOne % (one.length + 1))),
        new Fold().giveAll(other.slice(0, cutOther % (other.length + 1))),
      ] as const,
  )

describe('sync', () => {
  it('equal tips mean equal sets, and different tips different ones', () => {
    fc.assert(
      fc.property(halves, ([one, other]) => {
        const same = JSON.stringify(tips(one.maps)) === JSON.stringify(tips(other.maps))
        expect(same).toBe(one.bytes === other.bytes)
      }),
      { numRuns: 300 },
    )
  })

  it('one exchange of tips gives both sides the union, in an order that needs no hold', () => {
    fc.assert(
      fc.property(halves, ([one, other]) => {
        const union = new Set([...one.maps.accepted.keys(), ...other.maps.accepted.keys()])
        const toOther = differenceFrom(one.maps, tips(other.maps)).send
        const toOne = differenceFrom(other.maps, tips(one.maps)).send
        for (const each of toOther) expect(other.outcome(each)).toMatch(/^(accepted|DUPLICATE)$/)
        for (const each of toOne) expect(one.outcome(each)).toMatch(/^(accepted|DUPLICATE)$/)
        for (const id of union) expect(one.maps.accepted.has(id) && other.maps.accepted.has(id)).toBe(true)
        expect(one.maps.accepted.size).toBeGreaterThanOrEqual(union.size)
      }),
      { numRuns: 300 },
    )
  })

  it('fetches the peer’s unknown tips, once each, but not what is held', () => {
    const fold = new Fold().giveAll([...opened, env('b3', 9, ['b2'])])
    expect(differenceFrom(fold.maps, ids('d7', 'b3', 'c1', 'd7')).fetch).toEqual(['d7'])
  })

  it('sends what the peer’s tips do not cover, parents first', () => {
    const fold = new Fold().giveAll([...opened, env('c2', 3, ['c1'])])
    expect(differenceFrom(fold.maps, ids('b1')).send.map(({ id }) => id)).toEqual(['c1', 'c2'])
    expect(differenceFrom(fold.maps, ids('c2')).send.map(({ id }) => id)).toEqual(['b1'])
    expect(differenceFrom(fold.maps, []).send.map(({ id }) => id)).toEqual(['a1', 'b1', 'c1', 'c2'])
  })

  it('bodies of a forked seq are tips, though no heads', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('b1', 2, ['a1']), env('b1x', 2, ['a1'])])
    expect(tips(fold.maps)).toEqual(['b1', 'b1x'])
    expect(differenceFrom(fold.maps, ids('b1')).send.map(({ id }) => id)).toEqual(['b1x'])
  })

  it('equal tips differ in nothing, in any order', () => {
    const fold = new Fold().giveAll(opened)
    expect(differenceFrom(fold.maps, ids('c1', 'b1'))).toEqual({ fetch: [], send: [] })
  })
})
