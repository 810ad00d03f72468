import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { sideOf } from '../committee.ts'
import { hearResult } from '../hear-result.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { nextAttempt } from '../succession.ts'

/**
 * K_result seats do not accept: the next worker's turn. What it costs the worker is sent with the need's first entry after
 * the time in which it may challenge this: its bond where more seats found the result wrong than could not have it, else
 * nothing. Rejects as `hearResult`, CONFLICT for fewer than K_result. Source: lifecycle.md, "Entries of a need" (`reject`).
 */
export function applyReject(
  turn: NeedTurn,
  command: BucketCommandOf<'reject'>,
): Result<Uint8Array, Rejection> {
  const heard = hearResult(turn, command.verdicts)
  if (!heard.ok) return heard
  const { committee, counted, commit } = heard.value
  const wrong = sideOf(counted, 'reject')
  const unavailable = sideOf(counted, 'unavailable')
  if (wrong.length + unavailable.length < committee.k) {
    const given = wrong.length + unavailable.length
    return reject('CONFLICT', `${given} seats do not accept, and ${committee.k} must`, 'verdicts')
  }
  turn.putCommittee(committee)
  const { rejections, attempt } = turn.need
  const rejection = {
    attempt,
    worker: commit.worker,
    isWrong: wrong.length > unavailable.length,
    rejecting: [...wrong, ...unavailable],
    at: turn.now,
  }
  turn.update({ rejections: [...rejections, rejection] })
  nextAttempt(turn, turn.now)
  return ok(NOTHING)
}
