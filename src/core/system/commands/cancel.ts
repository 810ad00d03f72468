import { envelopeIdOf } from '../../../codec/cid.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { refund } from '../../ledger/escrow.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'

/**
 * The requester takes a need back that still waits for its beacon: no bucket runs it yet, nothing of it is locked but its
 * escrow, which goes back whole. Rejects UNKNOWN_THREAD for a need that is not here or over, CONFLICT for one that its bucket
 * decides about, NOT_IN_COMMITTEE for anybody else, WRONG_CAPSULE. Source: lifecycle.md, "States" (OPEN -> CANCELLED).
 */
export function applyCancelled(
  turn: Turn,
  { body }: SingleEnvelope<'CANCEL'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const id = envelopeIdOf(body.payload.need_id)
  const need = turn.need(id)
  if (need === undefined) return reject('UNKNOWN_THREAD', `no need ${id} is open`, 'payload.need_id')
  if (need.bucket >= 0) return reject('CONFLICT', `bucket ${need.bucket} runs it`, 'payload.need_id')
  if (body.sender !== need.requester) return reject('NOT_IN_COMMITTEE', 'only the requester cancels')
  if (need.capsule !== '' && envelopeIdOf(body.capsule) !== need.capsule) {
    return reject('WRONG_CAPSULE', `the thread was opened with capsule ${need.capsule}`)
  }
  refund(turn.book, id)
  turn.putNeed(id, undefined)
  turn.draft.put('posted', need.key, { need: id, outcome: 'cancelled', slot: now.n })
  return ok(undefined)
}
