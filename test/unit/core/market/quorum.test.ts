import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEATS_MAX } from '../../../../src/codec/entry/fields.ts'
import { challengeSeats, kPlan, kResult, ROLE_SEATS_MAX } from '../../../../src/core/market/quorum.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'

const parameters = defaultParameters('production')

describe('K_plan', () => {
  it('is max(1, min(5, 30% of the eligible)), never above half of them', () => {
    const table = [0, 1, 2, 6, 7, 10, 13, 16, 17, 100].map((eligible) => kPlan(eligible, false, parameters))
    expect(table).toEqual([1, 1, 1, 1, 2, 3, 3, 4, 5, 5])
  })

  it('is 1 in bootstrap mode', () => {
    expect([0, 1, 9, 100].map((eligible) => kPlan(eligible, true, parameters))).toEqual([1, 1, 1, 1])
  })
})

describe('K_result', () => {
  it('is min(5, max(2, 30% of the eligible)), never above half of them', () => {
    const table = [0, 1, 2, 3, 4, 7, 10, 13, 17, 100].map((eligible) =>
      kResult(eligible, false, 0, parameters),
    )
    expect(table).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 5, 5])
  })

  it('is 1 in bootstrap mode', () => {
    expect([0, 1, 9].map((eligible) => kResult(eligible, true, 0, parameters))).toEqual([1, 1, 1])
  })

  it('rises by 2 after an upheld challenge, and doubles with each further one', () => {
    expect([0, 1, 2, 3].map((upheld) => kResult(1_000, false, upheld, parameters))).toEqual([5, 7, 14, 28])
    expect([0, 1, 2].map((upheld) => kResult(1_000, true, upheld, parameters))).toEqual([1, 3, 6])
  })

  it('is never above half of the eligible, rounded up, never below 1, and never falls with more eligible or challenges', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(6), fc.boolean(), (eligible, upheld, isBootstrap) => {
        const k = kResult(eligible, isBootstrap, upheld, parameters)
        expect(k).toBeLessThanOrEqual(Math.max(1, Math.ceil(eligible / 2)))
        expect(k).toBeGreaterThanOrEqual(1)
        expect(kResult(eligible, isBootstrap, upheld + 1, parameters)).toBeGreaterThanOrEqual(k)
        expect(kResult(eligible + 1, isBootstrap, upheld, parameters)).toBeGreaterThanOrEqual(k)
      }),
    )
  })
})

describe('seats of a challenge', () => {
  it('leave room for waves whatever was upheld before: K is at most 256', () => {
    expect([6, 7, 20, 63].map((upheld) => kResult(100_000, false, upheld, parameters))).toEqual([
      224, 256, 256, 256,
    ])
    expect(challengeSeats(kResult(100_000, false, 63, parameters))).toBeLessThan(ROLE_SEATS_MAX)
    expect(ROLE_SEATS_MAX).toBeLessThanOrEqual(SEATS_MAX)
  })

  it('are so many that one side always reaches K', () => {
    for (let k = 1; k < 30; k += 1) {
      const seats = challengeSeats(k)
      for (let accepting = 0; accepting <= seats; accepting += 1) {
        expect(accepting >= k || seats - accepting >= k).toBe(true)
      }
      expect(seats - 1 - (k - 1)).toBeLessThan(k)
    }
  })
})
