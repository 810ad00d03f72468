import { assert } from '../../model/fault.ts'
import type { Micro } from '../../model/micro.ts'
import type { ParameterName, Parameters } from '../../model/parameters.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { ProofType, TaskClass } from '../../model/task.ts'

const WHOLE = 1_000_000
const WHOLE_BIG = BigInt(WHOLE)

/** Small simple needs have a short window, and their workers no bond. Source: economy.md, "Bounties and payout"; lifecycle.md, "Defaults". */
export function isSmallSimple(
  taskClass: TaskClass,
  budget: Micro,
  { smallBudgetMicro }: Parameters,
): boolean {
  return taskClass === 'simple' && budget <= smallBudgetMicro
}

/** Time for challenges (T_challenge), ms of slot time. Source: economy.md, "Bounties and payout". */
export function challengeWindowMs(taskClass: TaskClass, budget: Micro, parameters: Parameters): number {
  const isSmall = isSmallSimple(taskClass, budget, parameters)
  return isSmall ? parameters.challengeWindowSmallMs : parameters.challengeWindowMs
}

const WORKER_BONDS = {
  simple: 'workerBondSimpleMicro',
  complex: 'workerBondComplexMicro',
  critical: 'workerBondCriticalMicro',
} as const satisfies Record<TaskClass, ParameterName>

/** What a bidder bonds; 0 for small simple needs. Source: lifecycle.md, "Defaults". */
export function workerBond(taskClass: TaskClass, budget: Micro, parameters: Parameters): Micro {
  if (isSmallSimple(taskClass, budget, parameters)) return 0n as Micro
  return parameters[WORKER_BONDS[taskClass]]
}

const BOUNTY_CAPS = {
  simple: 'verifyBountySimpleMaxMicro',
  complex: 'verifyBountyComplexMaxMicro',
  critical: 'verifyBountyCriticalMaxMicro',
} as const satisfies Record<TaskClass, ParameterName>

/** Largest verify_bounty of the class. Source: economy.md, "Bounties and payout". */
export function verifyBountyCap(taskClass: TaskClass, parameters: Parameters): Micro {
  return parameters[BOUNTY_CAPS[taskClass]]
}

const CHALLENGE_BONDS = {
  SCHEMA_VIOLATION: 'bondSchemaViolationMicro',
  MISSING_CITATION: 'bondMissingCitationMicro',
  SEMANTIC_CONTRADICTION: 'bondSemanticContradictionMicro',
  OUTPUT_MISMATCH: 'bondOutputMismatchMicro',
  POLICY_BREACH: 'bondPolicyBreachMicro',
} as const satisfies Record<ProofType, ParameterName>

/** What a challenger bonds: by proof type, times the class's factor. Source: economy.md, "Challenges" (Bonds). */
export function challengeBond(proofType: ProofType, taskClass: TaskClass, parameters: Parameters): Micro {
  const { bondComplexTimes, bondCriticalTimes } = parameters
  const times = { simple: 1, complex: bondComplexTimes, critical: bondCriticalTimes }[taskClass]
  return (parameters[CHALLENGE_BONDS[proofType]] * BigInt(times)) as Micro
}

/** The part of a slash that burns whatever the mode: the smaller of the two, as a need may outlive bootstrap mode. */
export function burnSharePpm(parameters: Parameters): number {
  const { slashToChallengerPpm, slashToInsurancePpm, slashToChallengerBootstrapPpm } = parameters
  return WHOLE - Math.max(slashToChallengerPpm + slashToInsurancePpm, slashToChallengerBootstrapPpm)
}

/**
 * What a seat locks until the need ends: (budget + verify_bounty) / (k * burn share), rounded up, so that of k wrong seats
 * at least budget and verify_bounty burn, whoever the challenger is. `k`: the role's quorum, 1 or more. Asserts a burn share
 * above 0, which `checkParameterBounds` keeps. Source: economy.md, "Pools, reputation, committees" (Seat lock).
 */
export function seatLock(budget: Micro, verifyBounty: Micro, k: number, parameters: Parameters): Micro {
  const burnPpm = burnSharePpm(parameters)
  assert(burnPpm > 0 && k > 0, 'a part of every slash burns, and a quorum is 1 or more')
  const divisor = BigInt(k) * BigInt(burnPpm)
  return (((budget + verifyBounty) * WHOLE_BIG + divisor - 1n) / divisor) as Micro
}

/**
 * What every seat that answers in time earns, fixed at `open`: verify_bounty / (K_plan + 2 K_result - 1), rounded down.
 * Source: economy.md, "Bounties and payout".
 */
export function feePerSeat(verifyBounty: Micro, kPlan: number, kResult: number): Micro {
  return (verifyBounty / BigInt(kPlan + 2 * kResult - 1)) as Micro
}

/**
 * What the insurance account may still pay for a need: what the need's slashes took, challengers' rewards left out (`lost`),
 * less its verify_bounty, less what was paid already. So nobody takes more out of it by a need than he loses there, whoever
 * sits where: without the bound, accounts that reject their own worker's results again and again would live on it.
 * Source: economy.md, "Stake and slashing" (the burned part must carry the bound), "Challenges" (Self-challenge never pays).
 */
export function insuredMost(lost: bigint, verifyBounty: bigint, paid: bigint): bigint {
  const most = lost - verifyBounty - paid
  return most > 0n ? most : 0n
}

/**
 * What a network's parameters must keep, so that nobody gains by challenging himself: a part of every slash burns, in
 * bootstrap mode too. Rejects OVER_CAP with the parameter's name; asked by governance and of a genesis.
 * Source: economy.md, "Pools, reputation, committees" (Seat lock), "Challenges".
 */
export function checkParameterBounds(parameters: Parameters): Result<undefined, Rejection> {
  const { slashToChallengerPpm, slashToInsurancePpm, slashToChallengerBootstrapPpm } = parameters
  if (slashToChallengerPpm + slashToInsurancePpm >= WHOLE) {
    return reject('OVER_CAP', 'a part of every slash burns', 'slashToChallengerPpm')
  }
  if (slashToChallengerBootstrapPpm >= WHOLE) {
    return reject('OVER_CAP', 'a part of every slash burns', 'slashToChallengerBootstrapPpm')
  }
  return ok(undefined)
}
