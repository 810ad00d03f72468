import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { assert } from '../../../model/fault.ts'
import type { Did } from '../../../model/ids.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { kResult } from '../../market/quorum.ts'
import { sendEnd, slashWrong } from '../challenges.ts'
import { sideOf, tally } from '../committee.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { headOf, nextAttempt } from '../succession.ts'

const WHOLE = 1_000_000

/**
 * An upheld challenge takes the result back: worker and wrong seats are out and slashed, other challenges of the attempt
 * close with their bonds returned, and the next attempt has a higher quorum, a new deadline and refilled fees. Rejects
 * CONFLICT where the challenge is not upheld against this attempt. Source: lifecycle.md, "Entries of a need" (`invalidate`).
 */
export function applyInvalidate(
  turn: NeedTurn,
  command: BucketCommandOf<'invalidate'>,
): Result<Uint8Array, Rejection> {
  const id = envelopeIdOf(command.challenge)
  const challenge = turn.challenge(id)
  const { need, terms, now } = turn
  if (challenge?.state !== 'upheld' || challenge.attempt !== need.attempt) {
    return reject('CONFLICT', 'no upheld challenge of this result', 'challenge')
  }
  turn.putChallenge(id, { ...challenge, state: 'closed', at: now })
  const wrong = acceptingSeats(turn)
  slashWrong(turn, wrong, need.attempt, id)
  slashWorker(turn, challenge.challenger, id)
  // After the slashes, out of which the seats of these challenges are paid.
  closeOthers(turn, id)
  const upheld = need.upheld + 1
  turn.update({
    upheld,
    kResult: kResult(terms.eligible, terms.isBootstrap, upheld, terms.parameters),
    wrong: [...new Set([...need.wrong, ...wrong])],
    deadline: now.time + terms.deadlineMs,
    finalized: undefined,
  })
  nextAttempt(turn, now)
  askForFees(turn, wrong)
  return ok(NOTHING)
}

function acceptingSeats(turn: NeedTurn): readonly Did[] {
  const { commit } = turn.need
  assert(commit !== undefined, 'what is FINAL has a COMMIT')
  return sideOf(tally(turn.seated('result'), commit.id), 'accept')
}

function slashWorker(turn: NeedTurn, challenger: Did, evidence: string): void {
  const { commit, attempt } = turn.need
  assert(commit !== undefined, 'what is FINAL has a COMMIT')
  const { worker: account } = commit
  turn.slash({
    account,
    role: 'worker',
    attempt,
    reason: 'rejected-result',
    ppm: WHOLE,
    challenger,
    evidence,
  })
}

/** A bond that is not locked yet is given back by its answer. */
function closeOthers(turn: NeedTurn, upheld: string): void {
  for (const id of turn.need.challenges) {
    const other = turn.challenge(id)
    if (id === upheld || other === undefined || other.state === 'closed') continue
    if (other.attempt !== turn.need.attempt) continue
    turn.putChallenge(id, { ...other, state: 'closed', at: turn.now })
    if (other.state !== 'bonding') sendEnd(turn, id, other, 'void')
  }
}

/** With nobody left in the succession there is nothing to pay for: the need expires. */
function askForFees(turn: NeedTurn, wrong: readonly Did[]): void {
  if (headOf(turn) === undefined) return
  const { attempt, kResult: seats } = turn.need
  turn.update({ awaits: 'refilled' })
  turn.ask({ v: 1, kind: 'refill', need: turn.id, attempt, seats, wrong: [...wrong] })
}
