import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeFormed } from '../decode-formed.ts'
import { bytes, exactBytes, hash32, integer, list, threadId } from '../payload/fields.ts'
import { SYNC_MESSAGE_BYTES_MAX } from './sync-message.ts'

/** Threads are told apart in so many parts, by the first byte of the hash of their ids. */
export const DIGEST_PARTS = 256
/** Of the digest of one part. */
export const PART_DIGEST_BYTES = 8
/** Threads of one answer. */
export const THREADS_PER_ANSWER = 4_096
/** Request or answer, whole. */
export const PLAN_SYNC_BYTES_MAX = SYNC_MESSAGE_BYTES_MAX + 1_024

const syncMessage = bytes(1, SYNC_MESSAGE_BYTES_MAX)

const request = z.discriminatedUnion('kind', [
  /** Is all the same? */
  z.strictObject({ v: z.literal(1), kind: z.literal('compare'), root: hash32 }),
  /** Which threads are in these parts, after that one. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('threads'),
    parts: list(integer(0, DIGEST_PARTS - 1), DIGEST_PARTS, 1),
    after: threadId.exactOptional(),
  }),
  /** What Automerge has to say about one thread; `begin`: forget what was said before. */
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('sync'),
    thread: threadId,
    begin: z.boolean(),
    message: syncMessage,
  }),
])

const answer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('same') }),
  z.strictObject({ kind: z.literal('parts'), digests: exactBytes(DIGEST_PARTS * PART_DIGEST_BYTES) }),
  z.strictObject({
    kind: z.literal('threads'),
    threads: list(z.tuple([threadId, hash32]), THREADS_PER_ANSWER),
    more: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('sync'), message: syncMessage.exactOptional() }),
  /** The thread is not spoken of with this peer for a while. */
  z.strictObject({ kind: z.literal('refused') }),
])

export type PlanSyncRequest = z.output<typeof request>
export type PlanSyncAnswer = z.output<typeof answer>

/** Rejects as `decodeDagCbor` and by the schema. */
export function decodePlanSyncRequest(body: Uint8Array): Result<PlanSyncRequest, Rejection> {
  return decodeFormed(request, body, { bytesMax: PLAN_SYNC_BYTES_MAX }, 'request')
}

/** Rejects as `decodeDagCbor` and by the schema. */
export function decodePlanSyncAnswer(body: Uint8Array): Result<PlanSyncAnswer, Rejection> {
  return decodeFormed(answer, body, { bytesMax: PLAN_SYNC_BYTES_MAX }, 'answer')
}

export function encodePlanSync(message: PlanSyncRequest | PlanSyncAnswer): Uint8Array {
  return encodeDagCbor(message)
}
