/**
 * What nodes say when one fetches a machine's log from another, protocol `/canswarm/<net>/log/1`: one request, one answer,
 * both canonical dag-cbor. Nothing of an answer is believed: `src/services/log-fetch` checks it.
 * Source: consensus.md, "Membership" (certified batches from any peer); record.md, "History and export".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import { certificateTuple } from '../certificate/certificate.ts'
import { configVersion } from '../certificate/tree-head.ts'
import { TREE_LEVELS_MAX, voterLinkTuple } from '../certificate/voter-chain.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeFormed } from '../decode-formed.ts'
import { BUCKETS } from '../entry/fields.ts'
import { HUB } from '../entry/item.ts'
import { RECORD_BYTES_MAX } from '../network-log/log-record.ts'
import { bytes, count, hash32, integer, list } from '../payload/fields.ts'

/** Leaves of one page. */
export const PAGE_LEAVES_MAX = 1_024
/** A page ends once its records are as long; the last of them may go beyond. */
export const PAGE_BYTES_TARGET = 524_288
export const LOG_REQUEST_BYTES_MAX = 256
export const LOG_ANSWER_BYTES_MAX = PAGE_BYTES_TARGET + RECORD_BYTES_MAX + 262_144
/** Changes of voters in one answer; who needs more asks again, behind the last. */
export const LINKS_MAX = 64

const machine = integer(HUB, BUCKETS - 1)

const requestSchema = z.discriminatedUnion('kind', [
  /** Which certified size there is, and the changes of voters behind config `after`. */
  z.strictObject({ v: z.literal(1), kind: z.literal('newest'), machine, after: configVersion }),
  /** Leaves from number `from` on, proved to begin the tree of `size` leaves. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('page'),
    machine,
    from: count,
    size: integer(1, Number.MAX_SAFE_INTEGER),
  }),
])

/** [n, time, clock, beacon or null, roster, registry]. */
const slotTuple = z.tuple([count, count, count, hash32.nullable(), hash32, hash32])

const answerSchema = z.discriminatedUnion('kind', [
  /** The newest certificate of which the peer has all leaves; absent: it has none. */
  z.strictObject({
    kind: z.literal('newest'),
    certificate: certificateTuple.exactOptional(),
    links: list(voterLinkTuple, LINKS_MAX),
  }),
  /**
   * Records in order (`encodeLogRecord`, no certificates); that the tree up to the last of them begins the one of the size
   * that was asked for; and the facts of the slots that they made, in order.
   */
  z.strictObject({
    kind: z.literal('page'),
    records: list(bytes(1, RECORD_BYTES_MAX), PAGE_LEAVES_MAX, 1),
    proof: list(hash32, 2 * TREE_LEVELS_MAX),
    slots: list(slotTuple, PAGE_LEAVES_MAX),
  }),
  /** The peer does not have them. */
  z.strictObject({ kind: z.literal('none') }),
])

export type LogRequest = z.output<typeof requestSchema>
export type LogAnswer = z.output<typeof answerSchema>

/** Rejects as `decodeDagCbor` and by the schema. */
export function decodeLogRequest(body: Uint8Array): Result<LogRequest, Rejection> {
  return decodeFormed(requestSchema, body, { bytesMax: LOG_REQUEST_BYTES_MAX }, 'request')
}

/** Rejects as `decodeDagCbor` and by the schema. Bytes are views. */
export function decodeLogAnswer(body: Uint8Array): Result<LogAnswer, Rejection> {
  const formed = decodeFormed(answerSchema, body, { bytesMax: LOG_ANSWER_BYTES_MAX }, 'answer')
  return formed.ok ? ok(formed.value) : formed
}

export function encodeLogMessage(message: LogRequest | LogAnswer): Uint8Array {
  return encodeDagCbor(message)
}

export function slotToTuple({
  n,
  time,
  clock,
  beacon,
  roster,
  registry,
}: SlotFacts): z.output<typeof slotTuple> {
  return [n, time, clock, beacon ?? null, roster, registry]
}

/** Bytes are copied: facts outlive the answer. */
export function slotOfTuple([n, time, clock, beacon, roster, registry]: z.output<
  typeof slotTuple
>): SlotFacts {
  const facts = { n, time, clock, roster: roster.slice(), registry: registry.slice() }
  return beacon === null ? facts : { ...facts, beacon: beacon.slice() }
}
