import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bid, isImprovement, rankBids } from '../../../../src/core/market/ranking.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { didOf, micro, ppm } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')
const BUDGET = micro(1_000)
const DEADLINE = 10_000

function bidOf(number: number, changes: Partial<Bid> = {}): Bid {
  return {
    proposal: `bafy${String(number).padStart(4, '0')}`,
    bidder: didOf(number),
    cost: micro(500),
    eta: 5_000,
    reputationPpm: 500_000,
    fitPpm: 500_000,
    ...changes,
  }
}

const arbitraryBids = fc
  .array(
    fc.record({
      cost: fc.bigInt({ min: 0n, max: 1_100n }).map(micro),
      eta: fc.nat(11_000),
      reputationPpm: fc.oneof(ppm, fc.constant(500_000)),
      fitPpm: ppm,
    }),
    { maxLength: 90 },
  )
  .map((bids) => bids.map((changes, number) => bidOf(number, changes)))

const order = (bids: readonly Bid[]) =>
  rankBids(bids, BUDGET, DEADLINE, parameters).map(({ proposal }) => proposal)

describe('the ranking of bids', () => {
  it('is the same for everybody, in whatever order the bids came', () => {
    fc.assert(
      fc.property(arbitraryBids, (bids) => {
        expect(order(bids.toReversed())).toEqual(order(bids))
      }),
    )
  })

  it('scores price 40%, eta 15%, reputation 30%, fit 15%', () => {
    const score = (changes: Partial<Bid>) =>
      rankBids(
        [bidOf(1, { cost: BUDGET, eta: DEADLINE, reputationPpm: 0, fitPpm: 0, ...changes })],
        BUDGET,
        DEADLINE,
        parameters,
      )[0]?.scorePpm
    expect(score({})).toBe(0)
    expect(score({ cost: micro(0) })).toBe(400_000)
    expect(score({ eta: 0 })).toBe(150_000)
    expect(score({ reputationPpm: 1_000_000 })).toBe(300_000)
    expect(score({ fitPpm: 1_000_000 })).toBe(150_000)
    expect(score({ cost: micro(333), fitPpm: 1 })).toBe(266_800)
  })

  it('puts a cheaper, faster, better known, fitter bid first', () => {
    const better: readonly Partial<Bid>[] = [
      { cost: micro(499) },
      { eta: 4_990 },
      { reputationPpm: 500_100 },
      { fitPpm: 500_100 },
    ]
    for (const changes of better) {
      expect(order([bidOf(1), bidOf(2, changes)])).toEqual(['bafy0002', 'bafy0001'])
    }
  })

  it('breaks ties by reputation, then by the smaller proposal id', () => {
    // 1,000 ppm of reputation weigh as much as 2,000 ppm of fit.
    const known = bidOf(3, { reputationPpm: 501_000, fitPpm: 498_000 })
    expect(order([bidOf(2), bidOf(1), known])).toEqual(['bafy0003', 'bafy0001', 'bafy0002'])
  })

  it('leaves out what costs more than the budget or takes longer than the deadline, and keeps the best 64', () => {
    expect(order([bidOf(1, { cost: micro(1_001) }), bidOf(2, { eta: 10_001 })])).toEqual([])
    fc.assert(
      fc.property(arbitraryBids, (bids) => {
        const ranked = rankBids(bids, BUDGET, DEADLINE, parameters)
        const valid = bids.filter(({ cost, eta }) => cost <= BUDGET && eta <= DEADLINE)
        expect(ranked.length).toBe(Math.min(64, valid.length))
        const scores = ranked.map(({ scorePpm }) => scorePpm)
        expect(scores).toEqual(scores.toSorted((a, b) => b - a))
        for (const score of scores)
          expect(Number.isSafeInteger(score) && score >= 0 && score <= 1_000_000).toBe(true)
      }),
    )
  })

  it('lets a bid of an improving round in when it is 1% better than the best before', () => {
    expect(isImprovement(505_000, 500_000, parameters)).toBe(true)
    expect(isImprovement(504_999, 500_000, parameters)).toBe(false)
  })
})
