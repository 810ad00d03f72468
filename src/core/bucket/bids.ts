import { equalBytes } from '../../codec/bytes.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import { decodeRegistryRecord, type RegistryRecord } from '../../codec/entry/registry-record.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { rootFromPath } from '../../codec/merkle/inclusion.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import type { Micro } from '../../model/micro.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Bid } from './tables.ts'

type Propose = Payload<'PROPOSE'>

/**
 * A PROPOSE as the ranking takes it. Rejects CONFLICT for another round, NOT_IN_COMMITTEE for who is not invited, sits, or is
 * the requester; OVER_CAP for a cost over the budget or lease terms beyond the network's; UNKNOWN_CAPABILITY for a record that
 * is not the registry's, is older than the need, or does not offer what is asked; RATE_LIMITED for a ban; and what the
 * capsule denies of a plan that is shown. One that is refused is left out; the entry goes on. Related parties are refused by
 * the hub, which knows both sides, when it is asked for their bonds.
 * Source: lifecycle.md, "Entries of a need" (`close`); economy.md, "Auction, leases, routing".
 */
export function judgeBid(turn: NeedTurn, envelope: SingleEnvelope<'PROPOSE'>): Result<Bid, Rejection> {
  const { id, body } = envelope
  const { sender, payload } = body
  const rejection = judgePlace(turn, sender, payload) ?? judgeTerms(turn, payload)
  if (rejection !== undefined) return err(rejection)
  const record = readRegistry(turn, sender, payload)
  if (!record.ok) return record
  const unfit = judgeRecord(turn, payload, record.value)
  if (unfit !== undefined) return err(unfit)
  const plan = planOf(turn, envelope)
  if (!plan.ok) return plan
  return ok({
    proposal: id,
    bidder: sender,
    cost: BigInt(payload.cost) as Micro,
    eta: payload.eta,
    ttl: payload.lease_ttl,
    interval: payload.heartbeat_interval,
    round: payload.bid_round,
    score: 0,
    reputation: record.value.reputation,
    isReserved: false,
    ...plan.value,
  })
}

function judgePlace(turn: NeedTurn, sender: Did, payload: Propose): Rejection | undefined {
  const { need, terms } = turn
  if (payload.bid_round !== need.bidRound) {
    return reject('CONFLICT', `bids of round ${need.bidRound} count now`, 'bid_round').error
  }
  if (sender === terms.requester) return reject('NOT_IN_COMMITTEE', 'the requester does not bid').error
  if (terms.invited.length > 0 && !terms.invited.includes(sender)) {
    return reject('NOT_IN_COMMITTEE', `${sender} is not invited`).error
  }
  return hasSeat(turn, sender) ? reject('NOT_IN_COMMITTEE', `${sender} has a seat`).error : undefined
}

/** A verifier that was seated before bids came judges, and does not bid. */
function hasSeat(turn: NeedTurn, did: Did): boolean {
  const committees = [turn.committee('plan', 0), turn.committee('result', 0)]
  return committees.some((one) => one?.seats.includes(did) === true)
}

function judgeTerms({ terms }: NeedTurn, payload: Propose): Rejection | undefined {
  const { leaseTtlMinMs, leaseTtlMaxMs } = terms.parameters
  if (BigInt(payload.cost) > terms.budget) return reject('OVER_CAP', 'over the budget', 'cost').error
  if (payload.lease_ttl < leaseTtlMinMs || payload.lease_ttl > leaseTtlMaxMs) {
    return reject('OVER_CAP', `a lease lasts ${leaseTtlMinMs} to ${leaseTtlMaxMs} ms`, 'lease_ttl').error
  }
  return payload.heartbeat_interval > payload.lease_ttl
    ? reject('OVER_CAP', 'a lease has a heartbeat', 'heartbeat_interval').error
    : undefined
}

/** The bidder's record, when its path leads to the root of a slot since the need was escrowed. */
function readRegistry(turn: NeedTurn, sender: Did, { registry }: Propose): Result<RegistryRecord, Rejection> {
  const facts = registry.slot <= turn.slot.n ? turn.at.slot(registry.slot) : undefined
  if (facts === undefined || registry.slot < turn.terms.escrowed) {
    return reject('UNKNOWN_CAPABILITY', 'the record is of a slot since the need', 'registry.slot')
  }
  const { sha256 } = turn.world
  const root = rootFromPath(leafHash(registry.record, sha256), registry.path, sha256)
  if (!equalBytes(root, facts.registry)) {
    return reject('UNKNOWN_CAPABILITY', 'no record of the registry', 'registry.path')
  }
  const record = decodeRegistryRecord(registry.record)
  if (!record.ok) return record
  return record.value.did === sender
    ? record
    : reject('UNKNOWN_CAPABILITY', 'the record of somebody else', 'registry.record')
}

function judgeRecord(turn: NeedTurn, payload: Propose, record: RegistryRecord): Rejection | undefined {
  const { terms } = turn
  if (!record.offers.includes(terms.capability)) {
    return reject('UNKNOWN_CAPABILITY', `does not offer ${terms.capability}`).error
  }
  if (record.manifest === undefined || envelopeIdOf(record.manifest.id) !== envelopeIdOf(payload.manifest)) {
    return reject('UNKNOWN_CAPABILITY', 'another manifest is in force', 'manifest').error
  }
  if (record.banned_until > turn.slot.time) {
    return reject('RATE_LIMITED', `may not bid until ${record.banned_until}`).error
  }
  return undefined
}

/** What the bid is bound to. A plan that is shown is judged here: no later entry carries it. */
function planOf(
  turn: NeedTurn,
  envelope: SingleEnvelope<'PROPOSE'>,
): Result<{ readonly sealed: Uint8Array } | { readonly shown: Uint8Array }, Rejection> {
  const { plan } = envelope.body.payload
  if ('hash' in plan) return ok({ sealed: plan.hash })
  const judged = turn.world.judge(turn.terms.capsule, envelope, turn.slot.n)
  return judged.ok ? ok({ shown: hashDagCbor(plan.patch, turn.world.sha256) }) : judged
}
