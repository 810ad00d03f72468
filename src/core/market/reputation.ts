import type { Parameters } from '../../model/parameters.ts'

const WHOLE = 1_000_000

/** Reputation and recency of a verifier, or of an agent that works; both 0 to 1,000,000. */
export interface Standing {
  readonly reputationPpm: number
  readonly recencyPpm: number
}

/**
 * What changes a reputation. `late`, `work-rejected` and `work-final` are an agent's, by staked and challengeable work
 * alone; the other four a verifier's (`upheld-challenge` anybody's).
 */
export type ReputationEvent =
  | 'upheld-challenge'
  | 'confirmed-attestation'
  | 'failed-attestation'
  | 'idle-week'
  | 'work-final'
  | 'work-rejected'
  | 'work-late'

/** Whoever is new; a verifier of the genesis has its recency whole. Source: economy.md, "Pools, reputation, committees". */
export function startingStanding(isOfGenesis: boolean, parameters: Parameters): Standing {
  const { reputationStartPpm, recencyStartPpm } = parameters
  return { reputationPpm: reputationStartPpm, recencyPpm: isOfGenesis ? WHOLE : recencyStartPpm }
}

/**
 * Reputation after one event, held within 0 and 1,000,000. An agent's work counts as an attestation does, and being late
 * as an idle week: its rates have no parameters of their own. Source: economy.md, "Pools, reputation, committees".
 */
export function reputationAfter(
  reputationPpm: number,
  event: ReputationEvent,
  parameters: Parameters,
): number {
  const { reputationUpheldPpm, reputationConfirmedPpm, reputationFailedPpm, reputationIdlePpm } = parameters
  switch (event) {
    case 'upheld-challenge':
      return Math.min(WHOLE, reputationPpm + reputationUpheldPpm)
    case 'confirmed-attestation':
    case 'work-final':
      return Math.min(WHOLE, reputationPpm + reputationConfirmedPpm)
    case 'failed-attestation':
    case 'work-rejected':
      return Math.max(0, reputationPpm - reputationFailedPpm)
    case 'idle-week':
    case 'work-late':
      return reputationPpm - Math.ceil((reputationPpm * reputationIdlePpm) / WHOLE)
    default:
      return event satisfies never
  }
}

/**
 * Recency after one day: more with confirmed work, up to 1,000,000; less without, not below where a new registration
 * starts. Source: economy.md, "Pools, reputation, committees" (Weight).
 */
export function recencyAfterDay(recencyPpm: number, hasWorked: boolean, parameters: Parameters): number {
  const { recencyStartPpm, recencyStepPpm } = parameters
  if (hasWorked) return Math.min(WHOLE, recencyPpm + recencyStepPpm)
  return Math.max(Math.min(recencyPpm, recencyStartPpm), recencyPpm - recencyStepPpm)
}
