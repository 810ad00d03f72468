import { assert } from '../../model/fault.ts'
import type { Parameters } from '../../model/parameters.ts'

const WHOLE = 1_000_000

/**
 * Equal accepting verdicts on a plan that a DECIDE needs: 1 in bootstrap mode, else kTarget or the share `planAlphaPpm`
 * of the eligible, whichever is less. Never above half of the eligible (rounded up), never below 1: with nobody
 * eligible the need waits, which the caller sees to. Source: consensus.md, "Quorums".
 */
export function kPlan(eligible: number, isBootstrap: boolean, parameters: Parameters): number {
  const { kTarget, planAlphaPpm } = parameters
  return within(eligible, isBootstrap ? 1 : Math.min(kTarget, shareOf(eligible, planAlphaPpm)))
}

/**
 * Equal verdicts on a result that a FINALIZE needs: 1 in bootstrap mode, else as `kPlan` with `resultAlphaPpm`, at least
 * `resultQuorumMin`. After the first upheld challenge of the need `resultQuorumRaise` more; each further one doubles what
 * was asked for before. The bound of half of the eligible holds for all of it, and that of 256. Source: consensus.md, "Quorums".
 */
export function kResult(
  eligible: number,
  isBootstrap: boolean,
  upheldChallenges: number,
  parameters: Parameters,
): number {
  assert(Number.isSafeInteger(upheldChallenges) && upheldChallenges >= 0, 'challenges are counted from 0 on')
  const { kTarget, resultAlphaPpm, resultQuorumMin, resultQuorumRaise } = parameters
  const first = isBootstrap
    ? 1
    : Math.min(kTarget, Math.max(resultQuorumMin, shareOf(eligible, resultAlphaPpm)))
  if (upheldChallenges === 0) return within(eligible, first)
  return within(eligible, (first + resultQuorumRaise) * 2 ** (upheldChallenges - 1))
}

/**
 * Seats of a challenge with which it starts: one side always reaches `k`. The same number of answers decides any result.
 * Source: lifecycle.md, "Committees".
 */
export function challengeSeats(k: number): number {
  return 2 * k - 1
}

function shareOf(eligible: number, sharePpm: number): number {
  return Math.floor((eligible * sharePpm) / WHOLE)
}

/** Whatever was upheld before: the 2K - 1 seats of a challenge leave room for waves. */
const K_MAX = 256

/**
 * Seats of one role, waves included. An entry that slashes all of them still asks for no more effects than a leaf can name,
 * and each list of seats fits into an effect.
 */
export const ROLE_SEATS_MAX = 768

function within(eligible: number, k: number): number {
  return Math.max(1, Math.min(k, Math.ceil(eligible / 2), K_MAX))
}
