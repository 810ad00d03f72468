/**
 * The records of a need: bytes that whoever has its entries computes the same. Source: lifecycle.md, "Entries of a need".
 */
import type { CID } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Did } from '../../model/ids.ts'

export interface DecideRecord {
  readonly need: CID
  readonly proposal: CID
  readonly generation: number
  readonly fenceEpoch: number
  readonly slot: number
  /** The highest of the envelopes in the entry. */
  readonly lamport: number
  readonly kPlan: number
  /** The voter that proposed the entry. */
  readonly decider: Did
  /** Who may work, in this order; the first holds the first lease. */
  readonly succession: readonly { readonly worker: Did; readonly proposal: CID }[]
  /** Ids of the accepting ATTEST_PLANs, in the order of the entry. */
  readonly attestations: readonly CID[]
  /** SHA-256 of the revealed patch in dag-cbor. */
  readonly plan: Uint8Array
}

/** Canonical dag-cbor; the record's id is the CID of these bytes. */
export function decideRecord(record: DecideRecord): Uint8Array {
  return encodeDagCbor({
    v: 1,
    kind: 'DECIDE',
    need_id: record.need,
    proposal_id: record.proposal,
    generation: record.generation,
    fence_epoch: record.fenceEpoch,
    slot: record.slot,
    lamport: record.lamport,
    k_plan: record.kPlan,
    decider: record.decider,
    succession: record.succession.map(({ worker, proposal }) => [worker, proposal]),
    attestations: record.attestations,
    plan: record.plan,
  })
}

export interface FinalizeRecord {
  readonly need: CID
  readonly attempt: number
  readonly proposal: CID
  readonly worker: Did
  readonly artifact: string
  /** Ids of the accepting ATTESTs; sorted here. */
  readonly attestations: readonly string[]
  readonly kResult: number
  /** Text of the capsule's CID; empty: none. */
  readonly capsule: string
  /** Id of the DecideRecord. */
  readonly decide: CID
  readonly slot: number
}

/** Canonical dag-cbor; the record's id is the CID of these bytes. */
export function finalizeRecord(record: FinalizeRecord): Uint8Array {
  return encodeDagCbor({
    v: 1,
    kind: 'FINALIZE',
    need_id: record.need,
    attempt: record.attempt,
    proposal_id: record.proposal,
    worker: record.worker,
    artifact: record.artifact,
    attestations: record.attestations.toSorted(),
    k_result: record.kResult,
    capsule: record.capsule,
    decide: record.decide,
    slot: record.slot,
  })
}

export interface LeaseRecord {
  readonly need: CID
  readonly attempt: number
  readonly proposal: CID
  readonly worker: Did
  readonly ttl: number
  readonly interval: number
  readonly fenceEpoch: number
  readonly slot: number
  readonly decide: CID
}

/** What a CLAIM makes: its id is that of the lease. The first lease is the DecideRecord's own. */
export function leaseRecord(record: LeaseRecord): Uint8Array {
  return encodeDagCbor({
    v: 1,
    kind: 'LEASE',
    need_id: record.need,
    attempt: record.attempt,
    proposal_id: record.proposal,
    worker: record.worker,
    ttl: record.ttl,
    interval: record.interval,
    fence_epoch: record.fenceEpoch,
    slot: record.slot,
    decide: record.decide,
  })
}
