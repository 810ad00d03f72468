import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import { hear, sideOf, slashEquivocation, tally } from '../committee.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { findReveal } from '../plan-reveal.ts'
import { dropBids, headOf } from '../succession.ts'
import type { Bid } from '../tables.ts'
import { readSeen } from '../voters.ts'

/**
 * The head of the ranking is out: K_plan seats rejected its plan, which gives its bond back; or it was not revealed in its
 * window, which costs a part of the bond. Rejects CONFLICT for another proposal, or while the bonds are not locked, or
 * while neither is so; WINDOW_CLOSED while the window runs.
 */
export function applyPass(turn: NeedTurn, command: BucketCommandOf<'pass'>): Result<Uint8Array, Rejection> {
  const head = headOf(turn)
  if (head === undefined || head.proposal !== envelopeIdOf(command.proposal) || !head.isReserved) {
    return reject('CONFLICT', `the head of the ranking is ${head?.proposal ?? 'nobody'}`, 'proposal')
  }
  const opened = turn.carryAll(command.verdicts)
  if (!opened.ok) return opened
  const rejected = isRejected(turn, head, opened.value)
  if (!rejected) {
    const rejection = judgeUnrevealed(turn, head, command)
    if (rejection !== undefined) return { ok: false, error: rejection }
    turn.slash({
      account: head.bidder,
      role: 'worker',
      attempt: 0,
      reason: 'unrevealed-plan',
      ppm: turn.terms.parameters.slashUnrevealedPlanPpm,
    })
  }
  turn.unlock(head.bidder, 0)
  dropBids(turn, ({ proposal }) => proposal === head.proposal, turn.now)
  return ok(NOTHING)
}

function isRejected(turn: NeedTurn, { proposal }: Bid, envelopes: readonly SingleEnvelope[]): boolean {
  const before = turn.seated('plan')
  const heard = hear(turn, before, proposal, envelopes, 'all')
  if (!heard.ok) return false
  if (sideOf(tally(heard.value, proposal), 'reject', 'unavailable').length < turn.terms.kPlan) return false
  slashEquivocation(turn, before, heard.value)
  turn.putCommittee(heard.value)
  return true
}

function judgeUnrevealed(
  turn: NeedTurn,
  head: Bid,
  { seen }: BucketCommandOf<'pass'>,
): Rejection | undefined {
  if (turn.need.revealed?.proposal === head.proposal || head.sealed === undefined) {
    return reject('CONFLICT', 'the plan is known, and K_plan seats have not rejected it').error
  }
  const sightings = readSeen(turn, seen)
  if (!sightings.ok) return sightings.error
  const waiting = judgeByCatch(turn, sightings.value)
  if (waiting !== undefined) return waiting
  if (findReveal(turn, head, turn.opened) !== undefined) {
    return reject('CONFLICT', 'the plan has been revealed').error
  }
  const { planRevealWindowMs } = turn.terms.parameters
  return turn.elapsed(turn.need.since, sightings.value.until) < planRevealWindowMs
    ? reject('WINDOW_CLOSED', 'the time to reveal the plan is not over').error
    : undefined
}
