/**
 * What nodes say when one fetches envelopes from another, protocol `/canswarm/<net>/fetch/1`: one request, one answer, both
 * canonical dag-cbor. Envelopes come as entries carry them, and are worth what their signatures say.
 * Source: network.md ("Gossip is best effort, delivery is not": by id, by thread range; heads are compared).
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeFormed } from '../decode-formed.ts'
import { envelopeField } from '../entry/fields.ts'
import { count, did, exactBytes, idLink, list, threadId } from '../payload/fields.ts'

/** Envelopes of one answer, and ids that are asked for at once. */
export const FETCH_ENVELOPES_MAX = 256
/** An answer ends once its envelopes are as long; the last of them may go beyond. */
export const FETCH_BYTES_TARGET = 524_288
/** Needs of which one answer shows the heads. */
export const HEADS_MAX = 1_024
/** Needs that are looked into at once, and what is named of each. */
export const SAID_NEEDS_MAX = 32
export const SAID_MAX = 1_024
export const HEAD_BYTES = 8
export const FETCH_REQUEST_BYTES_MAX = 16_384
export const FETCH_ANSWER_BYTES_MAX = 2_097_152

const request = z.discriminatedUnion('kind', [
  /** Envelopes of a need that is open, by their ids. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('of-need'),
    need: idLink,
    ids: list(idLink, FETCH_ENVELOPES_MAX, 1),
  }),
  /** Envelopes of a thread from which no entry follows, by their ids. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('of-thread'),
    thread: threadId,
    ids: list(idLink, FETCH_ENVELOPES_MAX, 1),
  }),
  /** The same by their numbers, `to` included. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('range'),
    thread: threadId,
    sender: did,
    from: count,
    to: count,
  }),
  /** Heads of needs that are open, ascending, behind one of them. */
  z.strictObject({ v: z.literal(1), kind: z.literal('heads'), after: idLink.exactOptional() }),
  /** What was said in these needs and no entry has carried. */
  z.strictObject({ v: z.literal(1), kind: z.literal('said'), needs: list(idLink, SAID_NEEDS_MAX, 1) }),
])

const answer = z.discriminatedUnion('kind', [
  /** Those that are here; which are missing is not said. */
  z.strictObject({ kind: z.literal('envelopes'), envelopes: list(envelopeField, FETCH_ENVELOPES_MAX) }),
  /** Each need with the first bytes of SHA-256 over the ids of what was said in it. */
  z.strictObject({
    kind: z.literal('heads'),
    heads: list(z.tuple([idLink, exactBytes(HEAD_BYTES)]), HEADS_MAX),
    more: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('said'),
    said: list(z.tuple([idLink, list(idLink, SAID_MAX)]), SAID_NEEDS_MAX),
  }),
])

export type FetchRequest = z.output<typeof request>
export type FetchAnswer = z.output<typeof answer>

/** Rejects as `decodeDagCbor` and by the schema. */
export function decodeFetchRequest(body: Uint8Array): Result<FetchRequest, Rejection> {
  return decodeFormed(request, body, { bytesMax: FETCH_REQUEST_BYTES_MAX }, 'request')
}

/** Rejects as `decodeDagCbor` and by the schema; what envelopes say is not judged yet. */
export function decodeFetchAnswer(body: Uint8Array): Result<FetchAnswer, Rejection> {
  return decodeFormed(answer, body, { bytesMax: FETCH_ANSWER_BYTES_MAX, itemsMax: 262_144 }, 'answer')
}

export function encodeFetch(message: FetchRequest | FetchAnswer): Uint8Array {
  return encodeDagCbor(message)
}
