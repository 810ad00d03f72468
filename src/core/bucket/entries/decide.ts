import { cidOf, envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { hear, idsOn, sideOf, slashEquivocation, tally } from '../committee.ts'
import { decideRecord } from '../decision-records.ts'
import { cidOfId, type NeedTurn } from '../need-turn.ts'
import { openPlan } from '../plan-reveal.ts'
import { headOf } from '../succession.ts'
import { type Bid, recordKey } from '../tables.ts'

/**
 * The one DECIDE of a need: fixes plan, price limit and succession, and grants the first lease by the terms of the bid.
 * Rejects STALE_EPOCH for another fence epoch than the bucket's, CONFLICT for a proposal that is not the head of the
 * ranking, is not reserved or was not opened, NOT_IN_COMMITTEE for a verdict without a seat, CONFLICT for fewer than K_plan
 * accepting seats, and what the capsule denies. Source: consensus.md, "Buckets", "Quorums".
 */
export function applyDecide(
  turn: NeedTurn,
  command: BucketCommandOf<'decide'>,
): Result<Uint8Array, Rejection> {
  const { bucket, need, terms, world } = turn
  if (command.fence_epoch !== bucket.fenceEpoch) {
    return reject('STALE_EPOCH', `the bucket is at fence epoch ${bucket.fenceEpoch}`, 'fence_epoch')
  }
  const head = headOf(turn)
  if (head === undefined || head.proposal !== envelopeIdOf(command.proposal)) {
    return reject('CONFLICT', `the head of the ranking is ${head?.proposal ?? 'nobody'}`, 'proposal')
  }
  if (!head.isReserved) return reject('CONFLICT', 'its bond is not locked yet', 'proposal')
  const plan = planOf(turn, head, command)
  if (!plan.ok) return plan
  const accepted = hearAccepting(turn, head, command)
  if (!accepted.ok) return accepted
  const succession = need.ranking
    .filter(({ isReserved }) => isReserved)
    .slice(0, terms.parameters.attemptsMax)
  const record = decideRecord({
    need: turn.id,
    proposal: command.proposal,
    generation: bucket.generation,
    fenceEpoch: bucket.fenceEpoch,
    slot: turn.slot.n,
    lamport: Math.max(0, ...turn.opened.map(({ body }) => body.lamport)),
    kPlan: terms.kPlan,
    decider: command.by,
    succession: succession.map(({ bidder, proposal }) => ({ worker: bidder, proposal: cidOfId(proposal) })),
    attestations: accepted.value.map(cidOfId),
    plan: plan.value,
  })
  const decided = envelopeIdOf(cidOf(record, world.sha256))
  turn.draft.put('records', recordKey(turn.key, 'decide'), record)
  turn.update({
    state: 'CLAIMED',
    decision: { record: decided, proposal: head.proposal, fenceEpoch: bucket.fenceEpoch },
    ranking: succession,
    revealed: undefined,
    since: turn.now,
    lease: {
      id: decided,
      worker: head.bidder,
      proposal: head.proposal,
      ttl: head.ttl,
      interval: head.interval,
      granted: turn.now,
      fenceEpoch: bucket.fenceEpoch,
    },
  })
  return ok(record)
}

/** Hash of the plan: as the bid showed it, as an entry before revealed it, or as this one does. */
function planOf(
  turn: NeedTurn,
  head: Bid,
  { reveal }: BucketCommandOf<'decide'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carryAll(reveal)
  if (!opened.ok) return opened
  if (head.shown !== undefined) return ok(head.shown)
  const [envelope] = opened.value
  if (envelope === undefined) {
    const { revealed } = turn.need
    return revealed?.proposal === head.proposal
      ? ok(revealed.plan)
      : reject('CONFLICT', 'the plan is sealed, and nothing opens it', 'reveal')
  }
  return openPlan(turn, head, envelope)
}

/** Ids of the accepting verdicts that count, once there are K_plan. */
function hearAccepting(
  turn: NeedTurn,
  { proposal }: Bid,
  command: BucketCommandOf<'decide'>,
): Result<readonly string[], Rejection> {
  const opened = turn.carryAll(command.verdicts)
  if (!opened.ok) return opened
  const before = turn.seated('plan')
  const heard = hear(turn, before, proposal, opened.value, 'strict')
  if (!heard.ok) return heard
  const seats = sideOf(tally(heard.value, proposal), 'accept')
  const { kPlan } = turn.terms
  if (seats.length < kPlan)
    return reject('CONFLICT', `${seats.length} seats accept, and ${kPlan} must`, 'verdicts')
  slashEquivocation(turn, before, heard.value)
  turn.putCommittee(heard.value)
  return ok(idsOn(heard.value, proposal, seats))
}
