import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  burnSharePpm,
  challengeBond,
  challengeWindowMs,
  checkParameterBounds,
  feePerSeat,
  insuredMost,
  isSmallSimple,
  seatLock,
  verifyBountyCap,
  workerBond,
} from '../../../../src/core/market/bounds.ts'
import type { Parameters } from '../../../../src/model/parameters.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import type { ProofType, TaskClass } from '../../../../src/model/task.ts'
import { micro } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')
const CREDIT = 1_000_000
const amount = fc.bigInt({ min: 0n, max: 10n ** 13n }).map(micro)

describe('the lock of a seat', () => {
  it('lets at least budget and verify_bounty burn when k seats are wrong, in and after bootstrap mode', () => {
    const split = fc.tuple(fc.nat(999_999), fc.nat(999_999), fc.nat(999_999))
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 1, max: 64 }),
        split,
        (budget, bounty, k, [a, b, boot]) => {
          const changed: Parameters = {
            ...parameters,
            slashToChallengerPpm: Math.min(a, 999_999 - Math.min(b, 999_999)),
            slashToInsurancePpm: b,
            slashToChallengerBootstrapPpm: boot,
          }
          const { slashToChallengerPpm, slashToInsurancePpm } = changed
          const lock = seatLock(budget, bounty, k, changed)
          for (const burnPpm of [1_000_000 - slashToChallengerPpm - slashToInsurancePpm, 1_000_000 - boot]) {
            expect(lock * BigInt(k) * BigInt(burnPpm) >= (budget + bounty) * 1_000_000n).toBe(true)
          }
          expect(
            lock === 0n ||
              (lock - 1n) * BigInt(k) * BigInt(burnSharePpm(changed)) < (budget + bounty) * 1_000_000n,
          ).toBe(true)
        },
      ),
    )
  })

  it('is 2 (budget + verify_bounty) / k with the default split', () => {
    expect(seatLock(micro(10 * CREDIT), micro(5 * CREDIT), 2, parameters)).toBe(15_000_000n)
    expect(seatLock(micro(1), micro(0), 3, parameters)).toBe(1n)
  })

  it('grows fivefold with the older split 50 / 40 / 10', () => {
    const older = { ...parameters, slashToChallengerPpm: 500_000, slashToInsurancePpm: 400_000 }
    expect(seatLock(micro(10 * CREDIT), micro(0), 2, older)).toBe(
      seatLock(micro(10 * CREDIT), micro(0), 2, parameters) * 5n,
    )
  })
})

describe('the fee of a seat', () => {
  it('never spends more than verify_bounty on K_plan plan seats and 2 K_result - 1 result seats', () => {
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (bounty, plan, result) => {
          const fee = feePerSeat(bounty, plan, result)
          const seats = BigInt(plan + 2 * result - 1)
          expect(fee * seats <= bounty && (fee + 1n) * seats > bounty).toBe(true)
        },
      ),
    )
  })
})

describe('what the insurance account may pay for a need', () => {
  it('is what its slashes took beyond its verify_bounty, less what was paid, and never below nothing', () => {
    expect([insuredMost(30n, 10n, 0n), insuredMost(30n, 10n, 15n), insuredMost(30n, 10n, 25n)]).toEqual([
      20n,
      5n,
      0n,
    ])
    fc.assert(
      fc.property(amount, amount, amount, (lost, bounty, paid) => {
        const most = insuredMost(lost, bounty, paid)
        expect(most >= 0n && (most === 0n || paid + most + bounty <= lost)).toBe(true)
      }),
    )
  })
})

describe('tables by class and proof type', () => {
  it('know small simple needs: class simple and a budget up to 1 credit', () => {
    expect(isSmallSimple('simple', micro(CREDIT), parameters)).toBe(true)
    expect(isSmallSimple('simple', micro(CREDIT + 1), parameters)).toBe(false)
    expect(isSmallSimple('complex', micro(1), parameters)).toBe(false)
  })

  it('bond workers with 10, 50, 200 credits, and none for small simple needs', () => {
    const bond = (taskClass: TaskClass, budget: number) =>
      Number(workerBond(taskClass, micro(budget * CREDIT), parameters)) / CREDIT
    expect([bond('simple', 1), bond('simple', 2), bond('complex', 1), bond('critical', 1)]).toEqual([
      0, 10, 50, 200,
    ])
  })

  it('cap verify_bounty at 10, 100, 1000 credits', () => {
    const caps = (['simple', 'complex', 'critical'] as const).map((taskClass) =>
      verifyBountyCap(taskClass, parameters),
    )
    expect(caps).toEqual([10n, 100n, 1_000n].map((cap) => cap * 1_000_000n))
  })

  it('bond challenges by proof type, times 1, 2, 5', () => {
    const proofs: readonly ProofType[] = [
      'SCHEMA_VIOLATION',
      'MISSING_CITATION',
      'SEMANTIC_CONTRADICTION',
      'OUTPUT_MISMATCH',
      'POLICY_BREACH',
    ]
    const bonds = (taskClass: TaskClass) =>
      proofs.map((proof) => Number(challengeBond(proof, taskClass, parameters)) / CREDIT)
    expect(bonds('simple')).toEqual([10, 25, 50, 100, 25])
    expect(bonds('complex')).toEqual([20, 50, 100, 200, 50])
    expect(bonds('critical')).toEqual([50, 125, 250, 500, 125])
  })

  it('give challenges 24 hours, 10 minutes for small simple needs', () => {
    expect(challengeWindowMs('simple', micro(CREDIT), parameters)).toBe(600_000)
    expect(challengeWindowMs('simple', micro(2 * CREDIT), parameters)).toBe(86_400_000)
    expect(challengeWindowMs('critical', micro(1), parameters)).toBe(86_400_000)
  })
})

describe('bounds of parameters', () => {
  it('hold for the defaults of both classes of networks', () => {
    expect(checkParameterBounds(parameters).ok).toBe(true)
    expect(checkParameterBounds(defaultParameters('development')).ok).toBe(true)
  })

  it('refuse a split of which nothing burns, in and after bootstrap mode', () => {
    const refused = (changes: Partial<Parameters>) => {
      const checked = checkParameterBounds({ ...parameters, ...changes })
      return checked.ok ? undefined : checked.error
    }
    expect(refused({ slashToChallengerPpm: 800_000 })).toMatchObject({
      code: 'OVER_CAP',
      field: 'slashToChallengerPpm',
    })
    expect(refused({ slashToChallengerBootstrapPpm: 1_000_000 })).toMatchObject({
      field: 'slashToChallengerBootstrapPpm',
    })
  })
})
