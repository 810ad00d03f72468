import { burnSharePpm, feePerSeat, seatLock, workerBond } from '../../core/market/bounds.ts'
import { kPlan, kResult } from '../../core/market/quorum.ts'
import type { Micro } from '../../model/micro.ts'
import type { Parameters } from '../../model/parameters.ts'
import type { TaskClass } from '../../model/task.ts'

/** The need that a coalition looks at. */
export interface Setting {
  readonly parameters: Parameters
  readonly taskClass: TaskClass
  readonly budget: bigint
  readonly bounty: bigint
  /** Verifiers that may sit: the quorums follow from it. */
  readonly eligible: number
  readonly isBootstrap: boolean
  /** Whose money it is. */
  readonly requester: Side
}

/** The coalition (all its accounts together, linked or not), or everybody else, who does what is right. */
export type Side = 'coalition' | 'others'

/** What the hub opens the need with. */
export interface Terms {
  readonly kPlan: number
  readonly kResult: number
  readonly fee: Micro
  readonly lock: Micro
  readonly bond: Micro
}

/** As the hub's rules say. Where nothing of a slash burns no lock is enough: there it is the largest that the rule knows. */
export function termsOf({ parameters, taskClass, budget, bounty, eligible, isBootstrap }: Setting): Terms {
  const plan = kPlan(eligible, isBootstrap, parameters)
  const result = kResult(eligible, isBootstrap, 0, parameters)
  return {
    kPlan: plan,
    kResult: result,
    fee: feePerSeat(bounty as Micro, plan, result),
    lock: seatLock(budget as Micro, bounty as Micro, Math.min(plan, result), burning(parameters)),
    bond: workerBond(taskClass, budget as Micro, parameters),
  }
}

function burning(parameters: Parameters): Parameters {
  if (burnSharePpm(parameters) > 0) return parameters
  return {
    ...parameters,
    slashToChallengerPpm: 999_999,
    slashToInsurancePpm: 0,
    slashToChallengerBootstrapPpm: 0,
  }
}
