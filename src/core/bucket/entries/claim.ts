import { cidOf, envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Payload } from '../../../codec/payload/verbs.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { leaseRecord } from '../decision-records.ts'
import { cidOfId, type NeedTurn } from '../need-turn.ts'
import { headOf } from '../succession.ts'
import type { Bid } from '../tables.ts'

/**
 * The head of the succession takes the lease; the result is the lease's record. Its window ends with the `lapse` that says
 * so. Rejects as `judgeClaim`. Source: lifecycle.md, "Entries of a need" (`claim`).
 */
export function applyClaim(
  turn: NeedTurn,
  { envelope }: BucketCommandOf<'claim'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carry(envelope)
  if (!opened.ok) return opened
  const judged = judgeClaim(turn, opened.value)
  if (!judged.ok) return judged
  const { need, bucket, world } = turn
  const { head, payload } = judged.value
  assert(need.decision !== undefined, 'a succession follows from a DECIDE')
  const record = leaseRecord({
    need: turn.id,
    attempt: need.attempt,
    proposal: payload.proposal_id,
    worker: head.bidder,
    ttl: payload.lease_ttl,
    interval: payload.heartbeat_interval,
    fenceEpoch: bucket.fenceEpoch,
    slot: turn.slot.n,
    decide: cidOfId(need.decision.record),
  })
  turn.update({
    state: 'CLAIMED',
    since: turn.now,
    lease: {
      id: envelopeIdOf(cidOf(record, world.sha256)),
      worker: head.bidder,
      proposal: head.proposal,
      ttl: payload.lease_ttl,
      interval: payload.heartbeat_interval,
      granted: turn.now,
      fenceEpoch: bucket.fenceEpoch,
    },
  })
  return ok(record)
}

/**
 * Whether this is a CLAIM that would be granted now. Rejects MALFORMED for another verb, CONFLICT while the next attempt's
 * fees are not refilled or for another proposal, NOT_LEASE_HOLDER for who is not the head of the succession, STALE_ATTEMPT for
 * another attempt, OVER_CAP for terms beyond the network's.
 */
export function judgeClaim(
  turn: NeedTurn,
  { body }: SingleEnvelope,
): Result<{ readonly head: Bid; readonly payload: Payload<'CLAIM'> }, Rejection> {
  const { need, terms } = turn
  if (body.kind !== 'CLAIM') return reject('MALFORMED', `${body.kind} is no CLAIM`, 'envelope')
  const { payload, sender } = body
  if (payload.attempt !== need.attempt) return reject('STALE_ATTEMPT', `this is attempt ${need.attempt}`)
  const head = headOf(turn)
  if (head === undefined || head.bidder !== sender) {
    return reject('NOT_LEASE_HOLDER', `it is the turn of ${head?.bidder ?? 'nobody'}`)
  }
  if (need.awaits !== undefined) return reject('CONFLICT', 'the fees of this attempt are not there yet')
  if (envelopeIdOf(payload.proposal_id) !== head.proposal) {
    return reject('CONFLICT', `its bid is ${head.proposal}`, 'proposal_id')
  }
  const { leaseTtlMinMs, leaseTtlMaxMs } = terms.parameters
  const { lease_ttl, heartbeat_interval } = payload
  return lease_ttl < leaseTtlMinMs || lease_ttl > leaseTtlMaxMs || heartbeat_interval > lease_ttl
    ? reject('OVER_CAP', `a lease lasts ${leaseTtlMinMs} to ${leaseTtlMaxMs} ms, and has a heartbeat`)
    : ok({ head, payload })
}
