import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { headOf, nextAttempt } from '../succession.ts'
import { readSeen } from '../voters.ts'

/**
 * The head of the succession did not claim in its window: the next one's begins. Rejects CONFLICT where there is no head, the
 * fees are not there, or a lawful CLAIM was seen; WINDOW_CLOSED while the window runs; and as `readSeen`.
 * Source: lifecycle.md, "Entries of a need" (`lapse`).
 */
export function applyLapse(turn: NeedTurn, command: BucketCommandOf<'lapse'>): Result<Uint8Array, Rejection> {
  const head = headOf(turn)
  if (head === undefined) return reject('CONFLICT', 'the succession is used up')
  if (turn.need.awaits !== undefined) return reject('CONFLICT', 'the fees of this attempt are not there yet')
  const opened = turn.carryAll(command.carried)
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const rejection = judgeByCatch(turn, sightings.value)
  if (rejection !== undefined) return { ok: false, error: rejection }
  if (turn.elapsed(turn.need.since, sightings.value.until) < turn.terms.parameters.claimWindowMs) {
    return reject('WINDOW_CLOSED', 'the claim window is not over')
  }
  turn.unlockUnclaimed(head.bidder, turn.need.attempt)
  nextAttempt(turn, turn.now)
  return ok(NOTHING)
}
