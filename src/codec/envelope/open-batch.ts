import { assert } from '../../model/fault.ts'
import type { Did, EnvelopeId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { cidOf, envelopeIdOf } from '../cid.ts'
import { type Batch, decodeBatch } from './batch.ts'
import { judgeSigner, type UnverifiedEnvelope } from './envelope.ts'
import { type ReadContext, readBody } from './read-body.ts'
import { type RootSignature, rootSignatureOf } from './root-signature.ts'

/** A body that was refused; its neighbours are not. */
export interface RefusedBody {
  readonly id: EnvelopeId
  readonly rejection: Rejection
}

/** A batch whose bodies were read. Nothing is known yet of its signature. */
export interface OpenedBatch {
  readonly batch: Batch
  /** Whose key must have signed the root: `by`, or the one sender. */
  readonly signer: Did
  /** One for each body, in order; at least one was read. */
  readonly items: readonly Result<UnverifiedEnvelope, RefusedBody>[]
}

/** Reads a batch and its bodies. Rejects as `decodeBatch` and `readBatch` do. */
export function openBatch(bytes: Uint8Array, context: ReadContext): Result<OpenedBatch, Rejection> {
  const batch = decodeBatch(bytes)
  return batch.ok ? readBatch(batch.value, context) : batch
}

/**
 * Reads the bodies of a batch; a body that is refused does not sink the others. The batch as a whole is refused as
 * MALFORMED for a body that it has twice, or for two senders without `by`; and when no body can be read, by
 * the first one's rejection. A body whose sender is `by` itself is refused: who signs for itself names nobody, so
 * that an envelope has one signature form.
 */
export function readBatch(batch: Batch, context: ReadContext): Result<OpenedBatch, Rejection> {
  const sig = rootSignatureOf(batch)
  const items = batch.bodies.map((bytes) => readItem(bytes, sig, context))
  const repeated = firstRepeated(items)
  if (repeated !== undefined) return reject('MALFORMED', 'a body twice', `bodies[${repeated}]`)
  const first = items.find((item) => item.ok)
  if (first === undefined) return refuseByFirst(items)
  const { sender } = first.value.body
  const stranger = items.findIndex((item) => item.ok && item.value.body.sender !== sender)
  if (batch.by === undefined && stranger !== -1) {
    return reject('MALFORMED', 'expected one sender where no node signs', `bodies[${stranger}].sender`)
  }
  return ok({ batch, signer: batch.by ?? sender, items })
}

function readItem(
  bytes: Uint8Array,
  sig: RootSignature,
  context: ReadContext,
): Result<UnverifiedEnvelope, RefusedBody> {
  const read = readBody(bytes, context)
  if (!read.ok) {
    return err({ id: envelopeIdOf(cidOf(bytes, context.sha256)), rejection: read.error })
  }
  const rejection = judgeSigner(read.value, sig.by)
  return rejection === undefined ? ok({ ...read.value, sig }) : err({ id: read.value.id, rejection })
}

function firstRepeated(items: readonly Result<UnverifiedEnvelope, RefusedBody>[]): number | undefined {
  const seen = new Set<EnvelopeId>()
  for (const [at, item] of items.entries()) {
    seen.add(item.ok ? item.value.id : item.error.id)
    if (seen.size === at) return at
  }
  return undefined
}

function refuseByFirst(items: readonly Result<UnverifiedEnvelope, RefusedBody>[]): Result<never, Rejection> {
  const [item] = items
  assert(item !== undefined && !item.ok, 'a batch of which nothing was read has a refused body')
  const { rejection } = item.error
  return err({ ...rejection, field: joined('bodies[0]', rejection.field) })
}

function joined(at: string, field: string | undefined): string {
  return field === undefined ? at : `${at}.${field}`
}
