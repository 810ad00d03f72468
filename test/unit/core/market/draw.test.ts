import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { DRAW_START, type DrawRequest, drawSeats } from '../../../../src/core/market/draw.ts'
import type { RosterMember } from '../../../../src/core/market/roster.ts'
import { weightsOf } from '../../../../src/core/market/weight.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import type { TaskClass } from '../../../../src/model/task.ts'
import { arbitraryRoster, didOf, memberOf, micro, sha256 } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')
const uncapped = defaultParameters('development')
const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyClass = fc.constantFrom<TaskClass>('simple', 'complex', 'critical')

function requestOf(members: readonly RosterMember[], changes: Partial<DrawRequest> = {}): DrawRequest {
  return {
    members,
    seed: new Uint8Array(32),
    from: DRAW_START,
    count: 1,
    excluded: new Set(),
    taskClass: 'complex',
    hasStake: () => true,
    parameters,
    sha256,
    ...changes,
  }
}

/** The rule again, by other means: a draw is looked up in the list of sums. */
function firstDraw(members: readonly RosterMember[], seedBytes: Uint8Array, j: number): Did | undefined {
  const weights = [...weightsOf(members, uncapped)]
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0n)
  if (total === 0n) return undefined
  const hash = sha256(encodeDagCbor([seedBytes, j])).subarray(0, 16)
  const point = BigInt(`0x${Buffer.from(hash).toString('hex')}`) % total
  const sums = weights.map((_, at) => weights.slice(0, at + 1).reduce((sum, [, weight]) => sum + weight, 0n))
  return weights[sums.findIndex((sum) => point < sum)]?.[0]
}

describe('a draw', () => {
  it('takes 16 bytes of sha256([seed, j]) modulo the weight that is left, members by DID', () => {
    fc.assert(
      fc.property(arbitraryRoster(10), seed, fc.nat(1_000), (members, seedBytes, j) => {
        const { seats, skips } = drawSeats(
          requestOf(members, { seed: seedBytes, from: { j, taken: [] }, parameters: uncapped }),
        )
        expect([...seats, ...skips.map(({ did }) => did)][0]).toBe(firstDraw(members, seedBytes, j))
      }),
    )
  })

  it('draws the second seat from those that are left', () => {
    const members = [memberOf(1), memberOf(2), memberOf(3)]
    const first = drawSeats(requestOf(members, { parameters: uncapped })).seats[0] as Did
    const { seats } = drawSeats(requestOf(members, { parameters: uncapped, count: 2 }))
    const rest = members.filter(({ did }) => did !== first)
    // Weights of the rest are those of the whole roster; equal members keep their ratios.
    expect(seats).toEqual([first, firstDraw(rest, new Uint8Array(32), 1)])
  })

  it('follows from the roster and not from the order in which it is given', () => {
    fc.assert(
      fc.property(arbitraryRoster(12), seed, fc.nat(6), anyClass, (members, seedBytes, count, taskClass) => {
        const changes = { seed: seedBytes, count, taskClass }
        expect(drawSeats(requestOf(members.toReversed(), changes))).toEqual(
          drawSeats(requestOf(members, changes)),
        )
      }),
    )
  })

  it('seats nobody twice, nobody excluded, nobody without stake, weight or the capability', () => {
    fc.assert(
      fc.property(arbitraryRoster(14), seed, fc.nat(8), anyClass, (members, seedBytes, count, taskClass) => {
        const roster = members.map((member, at) =>
          at % 5 === 4 ? { ...member, capabilities: ['other'] } : member,
        )
        const excluded = new Set(roster.filter((_, at) => at % 3 === 0).map(({ did }) => did))
        const poor = new Set(roster.filter((_, at) => at % 4 === 1).map(({ did }) => did))
        const drawn = drawSeats(
          requestOf(roster, {
            seed: seedBytes,
            count,
            taskClass,
            excluded,
            capability: 'text/judge',
            hasStake: (did) => !poor.has(did),
          }),
        )
        const weights = weightsOf(roster, parameters)
        expect(new Set(drawn.seats).size).toBe(drawn.seats.length)
        expect(drawn.seats.length <= count).toBe(true)
        for (const did of [...drawn.seats, ...drawn.skips.map((skip) => skip.did)]) {
          expect(excluded.has(did)).toBe(false)
          expect(weights.get(did)).not.toBe(0n)
          expect(roster.find((member) => member.did === did)?.capabilities).toEqual(['text/judge'])
        }
        for (const did of drawn.seats) expect(poor.has(did)).toBe(false)
        for (const { did, why } of drawn.skips) if (why === 'stake') expect(poor.has(did)).toBe(true)
        expect(drawn.state.taken).toEqual(drawn.seats)
        expect(drawn.state.j).toBe(drawn.seats.length + drawn.skips.length)
      }),
      { numRuns: 300 },
    )
  })

  it('goes on where it stopped: a then b seats are a + b seats where no draw is a skip', () => {
    fc.assert(
      fc.property(arbitraryRoster(20), seed, fc.nat(4), fc.nat(4), (members, seedBytes, a, b) => {
        const request = requestOf(members, { seed: seedBytes, parameters: uncapped })
        const first = drawSeats({ ...request, count: a })
        const second = drawSeats({ ...request, from: first.state, count: b })
        const both = drawSeats({ ...request, count: a + b })
        expect([...first.seats, ...second.seats]).toEqual(both.seats)
        expect(second.state).toEqual(both.state)
      }),
    )
  })

  it('goes on with caps too, as long as none of them keeps anybody out', () => {
    fc.assert(
      fc.property(arbitraryRoster(20), seed, fc.nat(4), fc.nat(4), (members, seedBytes, a, b) => {
        const request = requestOf(members, { seed: seedBytes })
        const first = drawSeats({ ...request, count: a })
        const both = drawSeats({ ...request, count: a + b })
        fc.pre(first.skips.length === 0 && both.skips.length === 0)
        const second = drawSeats({ ...request, from: first.state, count: b })
        expect([...first.seats, ...second.seats]).toEqual(both.seats)
      }),
    )
  })

  it('may draw in a later call whom it skipped in an earlier one', () => {
    const members = [memberOf(1), memberOf(2)]
    const none = drawSeats(requestOf(members, { parameters: uncapped, hasStake: () => false }))
    expect(none.seats).toEqual([])
    expect(none.skips.map(({ why }) => why)).toEqual(['stake', 'stake'])
    expect(none.isUsedUp).toBe(true)
    const later = drawSeats(requestOf(members, { parameters: uncapped, from: none.state }))
    expect(later.seats.length).toBe(1)
    expect(later.state.j).toBe(3)
  })

  it('gives the same with weights that the caller had already', () => {
    fc.assert(
      fc.property(arbitraryRoster(12), seed, fc.nat(6), (members, seedBytes, count) => {
        const request = requestOf(members, { seed: seedBytes, count })
        expect(drawSeats({ ...request, weights: weightsOf(members, parameters) })).toEqual(drawSeats(request))
      }),
    )
  })

  it('draws heavier members more often, as their weights are', () => {
    const members = [
      memberOf(1, { org: 'a', freeStake: micro(900) }),
      memberOf(2, { org: 'b', freeStake: micro(100) }),
    ]
    let heavy = 0
    for (let j = 0; j < 2_000; j += 1) {
      const { seats } = drawSeats(requestOf(members, { from: { j, taken: [] }, parameters: uncapped }))
      if (seats[0] === didOf(1)) heavy += 1
    }
    // 30 : 10 of sqrt; the seed is fixed, so the count is.
    expect(heavy).toBeGreaterThan(1_440)
    expect(heavy).toBeLessThan(1_560)
  })

  it('gives every whole part of the weight to just one member', () => {
    const members = [memberOf(1), memberOf(2), memberOf(3)]
    const weights = new Map(members.map(({ did }, at) => [did, BigInt(at + 1)]))
    for (let j = 0; j < 60; j += 1) {
      const hash = sha256(encodeDagCbor([new Uint8Array(32), j])).subarray(0, 16)
      const point = Number(BigInt(`0x${Buffer.from(hash).toString('hex')}`) % 6n)
      const { seats } = drawSeats(
        requestOf(members, { from: { j, taken: [] }, weights, parameters: uncapped }),
      )
      expect(seats).toEqual([didOf([1, 2, 2, 3, 3, 3][point] as number)])
    }
  })

  it('asks for the stake of a member once, also when caps are given up', () => {
    const members = Array.from({ length: 8 }, (_, number) => memberOf(number, { asn: number % 2 }))
    // Whoever it is that has some: drawn early or late.
    for (const { did: rich } of members) {
      const asked: Did[] = []
      const hasStake = (did: Did): boolean => {
        asked.push(did)
        return did === rich
      }
      const drawn = drawSeats(requestOf(members, { count: 4, taskClass: 'simple', hasStake }))
      expect(asked.toSorted()).toEqual(members.map(({ did }) => did))
      expect(drawn.seats).toEqual([rich])
    }
  })

  it('says when nobody is left', () => {
    expect(drawSeats(requestOf([], { count: 0 })).isUsedUp).toBe(true)
    expect(drawSeats(requestOf([memberOf(1)], { count: 1 })).isUsedUp).toBe(true)
    expect(drawSeats(requestOf([memberOf(1), memberOf(2)], { count: 1 })).isUsedUp).toBe(false)
  })
})
