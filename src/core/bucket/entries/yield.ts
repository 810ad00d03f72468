import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { nextAttempt } from '../succession.ts'

/**
 * The holder gives the lease back: for nothing in its first third, later for a part of its bond. Rejects as `judgeYield`.
 * Source: economy.md, "Auction, leases, routing".
 */
export function applyYield(
  turn: NeedTurn,
  { envelope }: BucketCommandOf<'yield'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carry(envelope)
  if (!opened.ok) return opened
  const rejection = judgeYield(turn, opened.value)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const { lease, attempt } = turn.need
  assert(lease !== undefined, 'who is CLAIMED has a lease')
  if (3 * turn.elapsed(lease.granted) > lease.ttl) {
    turn.slash({
      account: lease.worker,
      role: 'worker',
      attempt,
      reason: 'late-yield',
      ppm: turn.terms.parameters.slashLateYieldPpm,
      evidence: opened.value.id,
    })
  }
  turn.unlock(lease.worker, attempt)
  nextAttempt(turn, turn.now)
  return ok(NOTHING)
}

/** Rejects MALFORMED for another verb, STALE_ATTEMPT, NOT_LEASE_HOLDER for another sender or lease. */
export function judgeYield({ need }: NeedTurn, { body }: SingleEnvelope): Rejection | undefined {
  if (body.kind !== 'YIELD') return reject('MALFORMED', `${body.kind} is no YIELD`, 'envelope').error
  const { payload, sender } = body
  if (payload.attempt !== need.attempt)
    return reject('STALE_ATTEMPT', `this is attempt ${need.attempt}`).error
  return need.lease?.worker !== sender || need.lease.id !== envelopeIdOf(payload.lease_id)
    ? reject('NOT_LEASE_HOLDER', `the lease ${need.lease?.id ?? ''} is another's`).error
    : undefined
}
