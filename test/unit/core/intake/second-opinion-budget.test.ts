import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Bucket,
  type BudgetLimits,
  type BudgetView,
  SECOND_OPINION_BUDGET,
  stepBudget,
} from '../../../../src/core/intake/second-opinion-budget.ts'

const limits: BudgetLimits = {
  peerChecksMax: 5,
  peerChecksPerSecond: 2,
  allChecksMax: 20,
  allChecksPerSecond: 7,
  peersMax: 3,
}

interface Ask {
  readonly peer: string
  readonly checks: number
  readonly waitMs: number
}

const asks = fc.array(
  fc.record({
    peer: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    checks: fc.nat({ max: 12 }),
    waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 4000 })),
  }),
  { maxLength: 60 },
)

describe('the budget of second opinions', () => {
  it('lets an idle peer buy its maximum at once and then what it is refilled', () => {
    const budget = driver(limits)
    expect(budget.ask('a', 9, 0)).toBe(5)
    expect(budget.ask('a', 1, 499)).toBe(0)
    expect(budget.ask('a', 9, 500)).toBe(1)
    expect(budget.ask('a', 9, 60_000)).toBe(5)
  })

  it('grants all peers together no more than their bound over any span (2)', () => {
    fc.assert(
      fc.property(asks, (list) => {
        const granted = run(list)
        for (const [from, first] of granted.entries()) {
          let sum = 0
          for (const grant of granted.slice(from)) {
            sum += grant.checks
            const spanMs = grant.atMs - first.atMs
            expect(sum).toBeLessThanOrEqual(limits.allChecksMax + (spanMs * limits.allChecksPerSecond) / 1000)
          }
        }
      }),
    )
  })

  it('grants a remembered peer no more than its own bound over any span (3)', () => {
    const remembering = { ...limits, peersMax: 5 }
    fc.assert(
      fc.property(asks, (list) => {
        for (const peer of ['a', 'b', 'c', 'd', 'e']) {
          const granted = run(list, remembering).filter((grant) => grant.peer === peer)
          for (const [from, first] of granted.entries()) {
            let sum = 0
            for (const grant of granted.slice(from)) {
              sum += grant.checks
              const spanMs = grant.atMs - first.atMs
              expect(sum).toBeLessThanOrEqual(
                limits.peerChecksMax + (spanMs * limits.peerChecksPerSecond) / 1000,
              )
            }
          }
        }
      }),
    )
  })

  it('remembers at most so many peers, forgets the longest idle, and remembers nobody for a refusal (4)', () => {
    const budget = driver(limits)
    for (const peer of ['a', 'b', 'c']) budget.ask(peer, 1, 0)
    budget.ask('a', 1, 1)
    budget.ask('d', 1, 2)
    expect(budget.remembered()).toEqual(['c', 'a', 'd'])
    const spent = driver({ ...limits, allChecksMax: 5 })
    spent.ask('a', 5, 0)
    expect(spent.ask('b', 1, 0)).toBe(0)
    expect(spent.remembered()).toEqual(['a'])
  })

  it('never holds less than nothing nor more than the maximum (1)', () => {
    fc.assert(
      fc.property(asks, (list) => {
        const budget = driver(limits)
        let atMs = 0
        for (const { peer, checks, waitMs } of list) {
          atMs += waitMs
          budget.ask(peer, checks, atMs)
          for (const bucket of budget.peerBuckets()) {
            expect(bucket.milliChecks).toBeGreaterThanOrEqual(0)
            expect(bucket.milliChecks).toBeLessThanOrEqual(limits.peerChecksMax * 1000)
          }
          expect(budget.remembered().length).toBeLessThanOrEqual(limits.peersMax)
        }
      }),
    )
  })

  it('refills nothing when time runs backwards, nor twice for the same time (5)', () => {
    const budget = driver(limits)
    expect(budget.ask('a', 5, 1000)).toBe(5)
    expect(budget.ask('a', 1, 0)).toBe(0)
    expect(budget.ask('a', 1, 1000)).toBe(0)
    expect(budget.ask('a', 1, 1499)).toBe(0)
    expect(budget.ask('a', 2, 1500)).toBe(1)
  })

  it('takes an ask from the past out of what there is now (5)', () => {
    const budget = driver(limits)
    expect(budget.ask('a', 1, 1000)).toBe(1)
    expect(budget.ask('a', 1, 0)).toBe(1)
    expect(budget.ask('a', 5, 1000)).toBe(3)
  })

  it('gives the same for the same asks: it keeps nothing of its own', () => {
    fc.assert(
      fc.property(asks, (list) => {
        expect(run(list)).toEqual(run(list))
      }),
    )
  })

  it('is set to a tenth of a core at one millisecond a check', () => {
    expect(SECOND_OPINION_BUDGET.allChecksPerSecond).toBeLessThanOrEqual(100)
    expect(SECOND_OPINION_BUDGET.allChecksMax).toBeLessThanOrEqual(256)
  })
})

function run(list: readonly Ask[], bounds: BudgetLimits = limits) {
  const budget = driver(bounds)
  let atMs = 0
  return list.map(({ peer, checks, waitMs }) => {
    atMs += waitMs
    return { peer, atMs, checks: budget.ask(peer, checks, atMs) }
  })
}

/** The maps that a driver owns, here without a clock. */
function driver(bounds: BudgetLimits) {
  const peers = new Map<string, Bucket>()
  let all: Bucket | undefined
  return {
    remembered: () => [...peers.keys()],
    peerBuckets: () => [...peers.values()],
    ask(peer: string, checks: number, atMs: number): number {
      const view: BudgetView = {
        all,
        peerCount: peers.size,
        peer: (name) => peers.get(name),
        longestIdle: () => peers.keys().next().value,
      }
      const step = stepBudget(view, { peer, checks, atMs }, bounds)
      for (const write of step.writes) {
        if (write.kind === 'all') all = write.bucket
        else peers.delete(write.peer)
        if (write.kind === 'peer') peers.set(write.peer, write.bucket)
      }
      return step.granted
    },
  }
}
