import { equalBytes } from '../../codec/bytes.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { planCommitment } from '../../codec/payload/commitments.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Bid } from './tables.ts'

/**
 * SHA-256 of the patch that this envelope reveals of the bid's plan. Rejects CONFLICT when it is no REVEAL_PLAN of this
 * bidder and bid, or not what the bid was bound to, and what the capsule denies.
 * Source: lifecycle.md, "Entries of a need" (`decide`); consensus.md, "Buckets".
 */
export function openPlan(turn: NeedTurn, bid: Bid, envelope: SingleEnvelope): Result<Uint8Array, Rejection> {
  const plan = boundPlan(turn, bid, envelope)
  if (plan === undefined) return reject('CONFLICT', 'this does not open the plan of the bid', 'reveal')
  const judged = turn.world.judge(turn.terms.capsule, envelope, turn.slot.n)
  return judged.ok ? ok(plan) : judged
}

/** The first of these envelopes that opens the bid's plan, with the plan's hash. */
export function findReveal(
  turn: NeedTurn,
  bid: Bid,
  envelopes: readonly SingleEnvelope[],
): { readonly id: string; readonly plan: Uint8Array } | undefined {
  for (const envelope of envelopes) {
    const plan = openPlan(turn, bid, envelope)
    if (plan.ok) return { id: envelope.id, plan: plan.value }
  }
  return undefined
}

function boundPlan(turn: NeedTurn, bid: Bid, { body }: SingleEnvelope): Uint8Array | undefined {
  if (body.kind !== 'REVEAL_PLAN' || body.sender !== bid.bidder || bid.sealed === undefined) return undefined
  const { payload } = body
  if (envelopeIdOf(payload.proposal_id) !== bid.proposal || payload.bid_round !== bid.round) return undefined
  const { net, sha256 } = turn.world
  const commitment = planCommitment(net, bid.bidder, payload, sha256)
  return equalBytes(commitment, bid.sealed) ? hashDagCbor(payload.patch, sha256) : undefined
}
