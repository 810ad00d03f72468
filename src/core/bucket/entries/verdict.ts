import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { challengeSeats } from '../../market/quorum.ts'
import { askForReview, closeChallenge, hasEarlier, uphold } from '../challenges.ts'
import { hear, roomOf, slashEquivocation } from '../committee.ts'
import { decisionOf } from '../decision.ts'
import { drawChallengeSeats } from '../draws.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import type { Challenge, Committee } from '../tables.ts'

/**
 * K equal VERDICTs end a challenge; K that say that no rule decides call a larger committee, once, and then people; the
 * challenger's WITHDRAW ends it before the first VERDICT. Rejects CONFLICT for a challenge that is not judged now, for too few equal verdicts, and for
 * an upheld one while one before it in the queue is open; NOT_IN_COMMITTEE for a verdict without a seat or somebody else's
 * WITHDRAW; WINDOW_CLOSED for a WITHDRAW after a VERDICT. Source: lifecycle.md (`verdict`); economy.md, "Challenges".
 */
export function applyVerdict(
  turn: NeedTurn,
  command: BucketCommandOf<'verdict'>,
): Result<Uint8Array, Rejection> {
  const id = envelopeIdOf(command.challenge)
  const challenge = turn.challenge(id)
  if (challenge?.state !== 'committed' && challenge?.state !== 'revealed') {
    return reject('CONFLICT', 'no such challenge is judged', 'challenge')
  }
  const opened = turn.carryAll(command.verdicts)
  if (!opened.ok) return opened
  const [first] = opened.value
  if (first?.body.kind === 'WITHDRAW') return withdraw(turn, id, challenge, first)
  const before = turn.committee('challenge', id)
  if (challenge.state !== 'revealed' || before === undefined) {
    return reject('CONFLICT', 'the challenge has not been shown', 'challenge')
  }
  const heard = hear(turn, before, id, opened.value, 'strict')
  if (!heard.ok) return heard
  const rejection = decide(turn, id, challenge, heard.value)
  if (rejection !== undefined) return { ok: false, error: rejection }
  slashEquivocation(turn, before, heard.value)
  return ok(NOTHING)
}

function withdraw(
  turn: NeedTurn,
  id: string,
  challenge: Challenge,
  { body }: SingleEnvelope,
): Result<Uint8Array, Rejection> {
  if (body.kind !== 'WITHDRAW' || envelopeIdOf(body.payload.challenge_id) !== id) {
    return reject('CONFLICT', 'withdraws another challenge', 'verdicts')
  }
  if (body.sender !== challenge.challenger) return reject('NOT_IN_COMMITTEE', 'only the challenger withdraws')
  if ((turn.committee('challenge', id)?.votes.length ?? 0) > 0) {
    return reject('WINDOW_CLOSED', 'it has been judged by a seat')
  }
  closeChallenge(turn, id, challenge, 'withdrawn')
  return ok(NOTHING)
}

/** What the verdicts lead to; a rejection where they lead to nothing. */
function decide(
  turn: NeedTurn,
  id: string,
  challenge: Challenge,
  committee: Committee,
): Rejection | undefined {
  const decided = decisionOf(committee, id)
  switch (decided) {
    case undefined:
      return reject('CONFLICT', `no outcome has ${committee.k} verdicts`, 'verdicts').error
    case 'undecided':
      if (committee.isDrawing) return reject('CONFLICT', 'seats are being drawn').error
      escalate(turn, id, committee)
      return undefined
    case 'rejected':
      turn.putCommittee(committee)
      closeChallenge(turn, id, challenge, 'rejected')
      return undefined
    case 'upheld':
      if (hasEarlier(turn, id, challenge)) return reject('CONFLICT', 'a challenge before it is open').error
      turn.putCommittee(committee)
      uphold(turn, id, challenge)
      return undefined
    default:
      return decided satisfies never
  }
}

/** A larger committee, once; then, or where the order is used up, people. */
function escalate(turn: NeedTurn, id: string, committee: Committee): void {
  const room = roomOf(committee)
  if (committee.isEscalated || room === 0) {
    turn.putCommittee(committee)
    askForReview(turn, id)
    return
  }
  const waves = committee.waves + 1
  turn.putCommittee({ ...committee, waves, isEscalated: true, isDrawing: true })
  drawChallengeSeats(turn, committee, waves, Math.min(room, challengeSeats(committee.k)))
}
