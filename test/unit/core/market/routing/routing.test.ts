import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Arm,
  confidentWinner,
  contextKey,
  FRESH_ARM,
  rewardOf,
  thompson,
  ucb1,
  updated,
} from '../../../../../src/core/market/routing/bandit.ts'
import { betaSample } from '../../../../../src/core/market/routing/beta.ts'
import { bestCanary, canariesOf, judgeCanary } from '../../../../../src/core/market/routing/canary.ts'
import { CANDIDATES_MAX, filterOffers } from '../../../../../src/core/market/routing/filter.ts'
import { logarithm } from '../../../../../src/core/market/routing/logarithm.ts'
import { routingMetrics } from '../../../../../src/core/market/routing/metrics.ts'
import type { Offer, Wish } from '../../../../../src/core/market/routing/offer.ts'
import { domainFit, SCORE_WEIGHTS, scoreOffers } from '../../../../../src/core/market/routing/score.ts'
import type { Did } from '../../../../../src/model/ids.ts'
import { didOf, micro } from '../arbitrary-roster.ts'

const wish: Wish = {
  capability: 'text/summarize',
  takes: 'plain',
  gives: 'summary',
  tags: ['law', 'german'],
  zone: 'eu',
  isolation: 'sandbox',
  budget: micro(100),
  deadlineMs: 1_000,
}

function offerOf(number: number, changes: Partial<Offer> = {}): Offer {
  return {
    did: didOf(number),
    capabilities: ['text/summarize'],
    takes: ['plain'],
    gives: ['summary'],
    tags: ['law'],
    zone: 'eu',
    isolation: 'vm',
    price: micro(50),
    latencyMs: 500,
    stake: micro(10),
    reputationPpm: 500_000,
    recencyPpm: 500_000,
    past: { done: 0, good: 0 },
    ...changes,
  }
}

/** Numbers that follow from a seed, uniform enough for a test. */
function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('the filter', () => {
  it('says of each agent that is out what kept it out first', () => {
    const offers = [
      offerOf(1),
      offerOf(2, { capabilities: [] }),
      offerOf(3, { gives: [] }),
      offerOf(4, { zone: 'us' }),
      offerOf(5, { isolation: 'none' }),
      offerOf(6, { price: micro(101) }),
      offerOf(7, { latencyMs: 1_001 }),
    ]
    const { passed, out } = filterOffers(offers, wish)
    expect(passed.map(({ did }) => did)).toEqual([didOf(1)])
    expect(out.map(({ why }) => why)).toEqual([
      'capability',
      'schema',
      'zone',
      'isolation',
      'budget',
      'deadline',
    ])
  })

  it('keeps at most 100, those of the best reputation, whatever order they came in', () => {
    const offers = Array.from({ length: 130 }, (_, number) => offerOf(number, { reputationPpm: number }))
    const { passed, out } = filterOffers(offers, wish)
    expect(passed.length).toBe(CANDIDATES_MAX)
    expect(passed[0]?.did).toBe(didOf(129))
    expect(out.length).toBe(30)
    expect(filterOffers(offers.toReversed(), wish)).toEqual({ passed, out })
  })
})

describe('the score', () => {
  it('is better for each property that is better', () => {
    const better: readonly Partial<Offer>[] = [
      { reputationPpm: 600_000 },
      { price: micro(40) },
      { latencyMs: 400 },
      { tags: ['law', 'german'] },
      { past: { done: 10, good: 10 } },
      { stake: micro(20) },
      { recencyPpm: 600_000 },
    ]
    for (const changes of better) {
      const list = scoreOffers([offerOf(1), offerOf(2, changes)], wish)
      expect(list[0]?.offer.did).toBe(didOf(2))
    }
  })

  it('gives ten, ties to the smaller DID, whatever the order of the offers', () => {
    const offers = Array.from({ length: 15 }, (_, number) => offerOf(number))
    const dids = (list: readonly Offer[]) => scoreOffers(list, wish).map(({ offer }) => offer.did)
    expect(dids(offers)).toEqual(Array.from({ length: 10 }, (_, number) => didOf(number)))
    expect(dids(offers.toReversed())).toEqual(dids(offers))
  })

  it('puts an organisation that is not on the list yet before the next of one that is', () => {
    const offers = [
      offerOf(1, { org: 'a' }),
      offerOf(2, { org: 'a' }),
      offerOf(3, { org: 'b', recencyPpm: 400_000 }),
    ]
    expect(scoreOffers(offers, wish).map(({ offer }) => offer.did)).toEqual([didOf(1), didOf(3), didOf(2)])
    const plain = scoreOffers(offers, wish, { ...SCORE_WEIGHTS, diversity: 0 })
    expect(plain.map(({ offer }) => offer.did)).toEqual([didOf(1), didOf(2), didOf(3)])
  })

  it('takes likeness of tags and past results for the fit', () => {
    expect(domainFit(offerOf(1), wish)).toBe((0.5 + 0.5) / 2)
    expect(domainFit(offerOf(1, { tags: wish.tags, past: { done: 8, good: 8 } }), wish)).toBe((1 + 0.9) / 2)
  })
})

describe('canaries', () => {
  it('go to the best three at most', () => {
    expect(
      canariesOf(
        scoreOffers(
          [1, 2, 3, 4].map((n) => offerOf(n)),
          wish,
        ),
      ).length,
    ).toBe(3)
    expect(canariesOf([])).toEqual([])
  })

  it('are won by quality, then by time, among those of at least 800,000 ppm in time', () => {
    const of = (number: number, quality: number, latency: number) =>
      judgeCanary(didOf(number), quality, latency, 100)
    expect(bestCanary([of(1, 900_000, 90), of(2, 950_000, 99), of(3, 950_000, 98)])?.agent).toBe(didOf(3))
    expect(bestCanary([of(1, 799_999, 1), of(2, 1_000_000, 101)])).toBeUndefined()
    expect(of(1, 800_000, 100).passed).toBe(true)
  })
})

describe('the bandit', () => {
  const arms = (...list: readonly (readonly [plays: number, reward: number])[]): ReadonlyMap<Did, Arm> =>
    new Map(list.map(([plays, reward], at) => [didOf(at), { plays, reward }]))

  it('is rewarded by quality x speed x (1 - cost ratio)', () => {
    expect(rewardOf(0.5, 0.5, 0.2)).toBeCloseTo(0.2, 12)
    expect([rewardOf(2, 1, 0), rewardOf(1, 1, 1), rewardOf(1, 1, -1)]).toEqual([1, 0, 1])
    expect(updated(updated(FRESH_ARM, 0.5), 1)).toEqual({ plays: 2, reward: 1.5 })
  })

  it('draws from the posterior: mean and variance of Beta(a, b)', () => {
    const random = uniform(7)
    const [a, b, count] = [3, 5, 20_000]
    const draws = Array.from({ length: count }, () => betaSample(a, b, random))
    const mean = draws.reduce((sum, one) => sum + one, 0) / count
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / count
    expect(mean).toBeCloseTo(a / (a + b), 2)
    expect(variance).toBeCloseTo((a * b) / ((a + b) ** 2 * (a + b + 1)), 3)
  })

  it('can be recomputed from the same random numbers, in whatever order the arms are kept', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 6,
        }),
        (seed, list) => {
          const kept = arms(...list.map(([plays, share]) => [plays, plays * share] as const))
          const turned = new Map([...kept].toReversed())
          expect(thompson(turned, uniform(seed))).toEqual(thompson(kept, uniform(seed)))
          expect(ucb1(turned)).toEqual(ucb1(kept))
        },
      ),
    )
    expect(thompson(new Map(), uniform(1))).toBeUndefined()
  })

  it('comes to ask the best agent nearly always, by either rule', () => {
    const means = [0.3, 0.7, 0.5]
    for (const rule of ['thompson', 'ucb1'] as const) {
      const random = uniform(3)
      const kept = new Map(means.map((_, at) => [didOf(at), FRESH_ARM]))
      let best = 0
      for (let round = 0; round < 2_000; round += 1) {
        const chosen = (rule === 'thompson' ? thompson(kept, random) : ucb1(kept))?.chosen as Did
        const at = [...kept.keys()].indexOf(chosen)
        if (at === 1) best += 1
        kept.set(chosen, updated(kept.get(chosen) ?? FRESH_ARM, random() < (means[at] ?? 0) ? 1 : 0))
      }
      expect(best).toBeGreaterThan(rule === 'thompson' ? 1_700 : 1_300)
    }
  })

  it('plays by UCB1 who was never played first', () => {
    expect(ucb1(arms([10, 9], [0, 0]))?.chosen).toBe(didOf(1))
  })

  it('invites alone only who stands two deviations above all others', () => {
    expect(confidentWinner(arms([100, 90], [100, 40]))).toBe(didOf(0))
    expect(confidentWinner(arms([5, 4], [5, 3]))).toBeUndefined()
    expect(confidentWinner(arms([0, 0]))).toBeUndefined()
  })

  it('keeps arms of different contexts apart', () => {
    const context = { domain: 'law', complexity: 'simple', deadlineDecade: 3, budgetDecade: 6 } as const
    expect(contextKey(context)).not.toBe(contextKey({ ...context, budgetDecade: 7 }))
    expect(contextKey(context)).toBe(contextKey({ ...context }))
  })
})

describe('the logarithm', () => {
  it('is that of the platform to 14 digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        const error = Math.abs(logarithm(x) - Math.log(x))
        expect(error).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(Math.log(x))))
      }),
    )
  })
})

describe('metrics of routing', () => {
  it('are success rate, median time to assignment, and regret against the best in hindsight', () => {
    const routed = [
      { succeeded: true, assignedAfterMs: 10, reward: 0.5 },
      { succeeded: false, assignedAfterMs: 30, reward: 0 },
      { succeeded: true, assignedAfterMs: 20, reward: 1 },
    ]
    expect(routingMetrics(routed, 0.75)).toEqual({ successRate: 2 / 3, timeToAssignmentMs: 20, regret: 0.25 })
    expect(routingMetrics([], 1)).toEqual({ successRate: 0, timeToAssignmentMs: 0, regret: 0 })
  })
})
