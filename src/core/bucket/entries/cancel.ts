import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { endNeed } from '../ending.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'

/** The requester takes the need back while it is OPEN. Rejects NOT_IN_COMMITTEE for anybody else. */
export function applyCancel(
  turn: NeedTurn,
  { envelope }: BucketCommandOf<'cancel'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carry(envelope)
  if (!opened.ok) return opened
  const { kind, sender } = opened.value.body
  if (kind !== 'CANCEL') return reject('MALFORMED', `${kind} is no CANCEL`, 'envelope')
  if (sender !== turn.terms.requester) return reject('NOT_IN_COMMITTEE', 'only the requester cancels')
  endNeed(turn, 'cancelled')
  return ok(NOTHING)
}
