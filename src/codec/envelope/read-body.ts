/**
 * What the bytes of one body decide, in this order: size, canonical form, fields, network, verb, payload, and the
 * rules that bind fields to one another. All that is refused here is refused for ever and everywhere.
 *
 * 1. The body is for this network (WRONG_NETWORK).
 * 2. `prev` is strictly ascending; only what can open a thread has none, and then `seq` is 1.
 * 3. A NEED without `prev` is in the thread of its own sender and idempotency key (UNKNOWN_THREAD).
 * 4. An account's verb is in its sender's own thread (UNKNOWN_THREAD).
 *
 * Source: protocol.md, "Encoding", "Envelope", "Verbs".
 */
import * as z from 'zod'
import type { EnvelopeId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { equalBytes } from '../bytes.ts'
import { type CID, cidOf, envelopeIdOf } from '../cid.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import { checkPayload } from '../payload/check-payload.ts'
import { canOpen, isKind, type Kind, VERBS } from '../payload/verbs.ts'
import { checkSchema } from '../schema-check.ts'
import { type Body, bodySchema } from './body.ts'
import { BODY_BYTES_MAX, BODY_ITEMS_MAX, PAYLOAD_BYTES_MAX } from './limits.ts'
import { payloadBytesOf } from './payload-size.ts'
import { isAscending } from './prev-order.ts'
import { accountThreadOf, threadIdOf } from './thread-id.ts'

/** What reading needs to know of the world. */
export interface ReadContext {
  /** CID of the genesis. */
  readonly net: CID
  readonly sha256: Sha256
}

/** A body that was read. Nothing is known yet of who signed it. */
export interface ReadBody<K extends Kind = Kind> {
  readonly id: EnvelopeId
  /** What was hashed, as it came; may be a view of a larger input. */
  readonly bytes: Uint8Array
  readonly body: Body<K>
  /** This body derives the thread's id from its own sender: it may open it, where `prev` is empty. */
  readonly opens: boolean
}

const compiledBody = z.compile(bodySchema)

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED, WRONG_NETWORK, UNKNOWN_THREAD; `field` is a path in the body. */
export function readBody(bytes: Uint8Array, context: ReadContext): Result<ReadBody, Rejection> {
  const decoded = decodeKept(bytes, { bytesMax: BODY_BYTES_MAX, itemsMax: BODY_ITEMS_MAX })
  if (!decoded.ok) return decoded
  const fields = checkSchema(compiledBody, decoded.value, '')
  if (!fields.ok) return fields
  const { kind, net, payload } = fields.value
  if (!equalBytes(net.bytes, context.net.bytes)) return reject('WRONG_NETWORK', `of ${net.toString()}`, 'net')
  if (!isKind(kind)) return reject('MALFORMED', `no verb ${kind}`, 'kind')
  // Typed before the payload is: what is between here and the end reads it only after its check.
  const body = fields.value as unknown as Body
  const payloadBytes = payloadBytesOf(bytes.length, body)
  if (payloadBytes > PAYLOAD_BYTES_MAX) {
    return reject('TOO_LARGE', `${payloadBytes} bytes, where ${PAYLOAD_BYTES_MAX} are allowed`, 'payload')
  }
  const checked = checkPayload(kind, payload)
  if (!checked.ok) return checked
  const opens = ownsThread(body, context)
  const broken = judgePlace(body, opens)
  if (broken !== undefined) return broken
  return ok({ id: envelopeIdOf(cidOf(bytes, context.sha256)), bytes, body, opens })
}

function ownsThread(body: Body, { net, sha256 }: ReadContext): boolean {
  const { kind, sender, thread, payload } = body
  if (kind === 'NEED') return thread === threadIdOf(net, sender, payload.idempotency_key, sha256)
  return VERBS[kind].thread === 'account' && thread === accountThreadOf(net, sender, sha256)
}

function judgePlace({ kind, seq, prev }: Body, opens: boolean): ReturnType<typeof reject> | undefined {
  if (!isAscending(prev)) return reject('MALFORMED', 'expected ids in ascending order, none twice', 'prev')
  if (prev.length === 0 && (!canOpen(kind) || seq !== 1)) {
    return reject('MALFORMED', 'only what opens a thread, with seq 1, names nothing before it', 'prev')
  }
  const mustOwn = VERBS[kind].thread === 'account' || prev.length === 0
  return mustOwn && !opens
    ? reject('UNKNOWN_THREAD', 'not the thread of this sender and its key', 'thread')
    : undefined
}
