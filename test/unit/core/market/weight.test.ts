import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isqrt } from '../../../../src/core/market/isqrt.ts'
import type { RosterMember } from '../../../../src/core/market/roster.ts'
import { weightsOf } from '../../../../src/core/market/weight.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { arbitraryRoster, didOf, memberOf, micro } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')

function sumOf(weights: ReadonlyMap<Did, bigint>, dids: readonly Did[]): bigint {
  return dids.reduce((sum, did) => sum + (weights.get(did) ?? 0n), 0n)
}

describe('the integer square root', () => {
  it('is the largest number whose square does not exceed the value', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (value) => {
        const root = isqrt(value)
        expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true)
      }),
    )
  })

  it('is exact around squares and powers of two', () => {
    for (let bits = 1n; bits < 130n; bits += 1n) {
      const root = 1n << bits
      expect([isqrt(root * root - 1n), isqrt(root * root), isqrt(root * root + 1n)]).toEqual([
        root - 1n,
        root,
        root,
      ])
    }
    expect([0n, 1n, 2n, 3n, 4n].map(isqrt)).toEqual([0n, 1n, 1n, 1n, 2n])
  })
})

describe('the weight of a verifier', () => {
  it('grows with the square root of the stake of its organisation', () => {
    const members = [
      memberOf(1, { org: 'a', freeStake: micro(400) }),
      memberOf(2, { org: 'b', freeStake: micro(100) }),
    ]
    const weights = weightsOf(members, parameters)
    expect(weights.get(didOf(1))).toBe(20n * 1_000_000n)
    expect(weights.get(didOf(2))).toBe(10n * 1_000_000n)
  })

  it('is its share of its organisation by free stake', () => {
    const members = [
      memberOf(1, { org: 'a', freeStake: micro(300) }),
      memberOf(2, { org: 'a', freeStake: micro(100) }),
    ]
    const weights = weightsOf(members, parameters)
    expect(weights.get(didOf(1))).toBe(15n * 1_000_000n)
    expect(weights.get(didOf(2))).toBe(5n * 1_000_000n)
  })

  it('goes with reputation, recency and attested hardware', () => {
    const of = (changes: Partial<RosterMember>) =>
      weightsOf([memberOf(1, changes)], parameters).get(didOf(1)) ?? 0n
    expect(of({ reputationPpm: 500_000 }) * 2n).toBe(of({}))
    expect(of({ recencyPpm: 100_000 }) * 10n).toBe(of({}))
    expect(of({ tee: true }) * 4n).toBe(of({}) * 5n)
    expect(of({ reputationPpm: 0 })).toBe(0n)
    expect(of({ freeStake: micro(0) })).toBe(0n)
  })

  it('gains nothing by splitting the stake over many identities, rounding included', () => {
    const parts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 11n }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(arbitraryRoster(6, 1), parts, fc.nat(), (members, stakes, pick) => {
        const at = pick % members.length
        const one = members[at] as RosterMember
        const others = members.filter((_, place) => place !== at)
        const whole = { ...one, freeStake: micro(stakes.reduce((sum, stake) => sum + stake, 0n)) }
        const split = stakes.map((stake, number) => ({
          ...one,
          did: didOf(1_000 + number),
          freeStake: micro(stake),
        }))
        const before = weightsOf([...others, whole], parameters)
        const after = weightsOf([...others, ...split], parameters)
        const splitWeight = sumOf(
          after,
          split.map(({ did }) => did),
        )
        expect(splitWeight <= (before.get(one.did) ?? 0n)).toBe(true)
        for (const { did } of others) expect(after.get(did)).toBe(before.get(did))
      }),
      { numRuns: 300 },
    )
  })

  it('gains nothing either when the parts register anew, with the standing of newcomers', () => {
    const weights = weightsOf(
      [
        memberOf(1, { freeStake: micro(500) }),
        memberOf(2, { freeStake: micro(500), reputationPpm: 500_000, recencyPpm: 100_000 }),
      ],
      parameters,
    )
    const whole = weightsOf([memberOf(1, { freeStake: micro(1_000) })], parameters)
    expect(sumOf(weights, [didOf(1), didOf(2)]) < (whole.get(didOf(1)) ?? 0n)).toBe(true)
  })

  it('lists members by DID, whatever the order of the roster', () => {
    fc.assert(
      fc.property(arbitraryRoster(10), (members) => {
        const weights = weightsOf(members, parameters)
        expect([...weights]).toEqual([...weightsOf(members.toReversed(), parameters)])
        expect([...weights.keys()]).toEqual([...weights.keys()].toSorted())
      }),
    )
  })
})
