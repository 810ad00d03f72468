import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { challengeSeats } from '../../market/quorum.ts'
import { closeChallenge, endRejection, judgedCommittee, sendEnd, slashWrong } from '../challenges.ts'
import { hear, sideOf, slashEquivocation, tally } from '../committee.ts'
import { decisionOf } from '../decision.ts'
import { drawChallengeSeats } from '../draws.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import type { Challenge, Committee } from '../tables.ts'

/**
 * K equal VERDICTs end a challenge; K that say that no rule decides call a larger committee, once; the challenger's WITHDRAW
 * ends it before the first VERDICT. Rejects CONFLICT for a challenge that is not judged now, for too few equal verdicts, and for
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
      escalate(turn, committee)
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

/** A larger committee; where the order is used up, the last deadline decides. */
function escalate(turn: NeedTurn, committee: Committee): void {
  const waves = committee.waves + 1
  turn.putCommittee({ ...committee, waves, isEscalated: true, isDrawing: !committee.isUsedUp })
  if (!committee.isUsedUp) drawChallengeSeats(turn, committee, waves, challengeSeats(committee.k))
}

/** The queue is by place in the log: who came first is judged first. */
function hasEarlier(turn: NeedTurn, id: string, { attempt }: Challenge): boolean {
  const { challenges } = turn.need
  return challenges.slice(0, challenges.indexOf(id)).some((other) => {
    const earlier = turn.challenge(other)
    return earlier?.attempt === attempt && earlier.state !== 'closed'
  })
}

/** A result that was accepted waits for `invalidate`; a rejection that was wrong is paid for at once. */
function uphold(turn: NeedTurn, id: string, challenge: Challenge): void {
  const { against, attempt } = challenge
  sendEnd(turn, id, challenge, 'upheld')
  if (against === 'finalize') {
    turn.putChallenge(id, { ...challenge, state: 'upheld', at: turn.now })
    return
  }
  turn.putChallenge(id, { ...challenge, state: 'closed', at: turn.now })
  const judged = judgedCommittee(turn, attempt)
  if (judged !== undefined) {
    const wrong = sideOf(tally(judged.committee, judged.on), 'reject', 'unavailable')
    slashWrong(turn, wrong, attempt, id)
    turn.update({ wrong: [...new Set([...turn.need.wrong, ...wrong])] })
  }
  endRejection(turn, id, false)
}
