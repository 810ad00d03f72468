import type { NeedState } from '../bucket/transitions.ts'

/** State of a task as plans show it. Source: lifecycle.md, "States" (In plan views). */
export type PlanState =
  | 'DRAFT'
  | 'DECIDED'
  | 'CLAIMED'
  | 'VERIFIED'
  | 'FINAL'
  | 'CANCELLED'
  | 'EXPIRED'
  | 'SPLIT'

const SHOWN: Readonly<Record<NeedState, PlanState>> = {
  OPEN: 'DRAFT',
  RANKED: 'DRAFT',
  DECIDED: 'DECIDED',
  CLAIMED: 'CLAIMED',
  COMMITTED: 'CLAIMED',
  FINAL: 'VERIFIED',
  SETTLED: 'FINAL',
  CANCELLED: 'CANCELLED',
  EXPIRED: 'EXPIRED',
  SPLIT: 'SPLIT',
}

/** What a plan shows of a need in that state of its bucket: FINAL is VERIFIED until it is settled. */
export function planStateOf(state: NeedState): PlanState {
  return SHOWN[state]
}

/** True for the states in which somebody may take up the work: OPEN, or DECIDED, which is without a holder. */
export function isOpenForWork(state: NeedState): boolean {
  return state === 'OPEN' || state === 'DECIDED'
}

/**
 * True for a state after which a task that waits may begin: its result stands. An invalidation takes it back; nobody
 * waits for the money.
 */
export function isFinished(state: PlanState): boolean {
  return state === 'VERIFIED' || state === 'FINAL'
}
