import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor, hashDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { leafHash } from '../merkle/hash.ts'
import { allPaths } from '../merkle/inclusion.ts'
import type { Kind } from '../payload/verbs.ts'
import { checkSchema } from '../schema-check.ts'
import type { Batch } from './batch.ts'
import { judgeSigner, type UnverifiedEnvelope } from './envelope.ts'
import { ENVELOPE_BYTES_MAX } from './limits.ts'
import { type ReadContext, readBody } from './read-body.ts'
import { type PathSignature, pathSignatureSchema, rootSignatureOf } from './root-signature.ts'

/**
 * One envelope by itself, as entries and exports hold it: { body: bytes, sig: { root, path, s, by? } }.
 * Source: protocol.md, "Envelope".
 */
export interface SingleForm {
  readonly bytes: Uint8Array
  readonly sig: PathSignature
}

const singleSchema = z.compile(
  z.strictObject({
    body: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes'),
    sig: pathSignatureSchema,
  }),
)

/** Every envelope of a batch with its path, in order. Hashes the batch once. */
export function envelopesOf(batch: Batch, sha256: Sha256): readonly SingleForm[] {
  const paths = allPaths(
    batch.bodies.map((body) => leafHash(body, sha256)),
    sha256,
  )
  const signature = rootSignatureOf(batch)
  return batch.bodies.map((bytes, at) => ({ bytes, sig: { ...signature, path: paths[at] ?? [] } }))
}

/** The value that an entry holds. */
export function envelopeToIpld({ bytes, sig }: SingleForm): Ipld {
  return { body: bytes, sig: { ...rootSignatureOf(sig), path: sig.path } }
}

export function encodeEnvelope(envelope: SingleForm): Uint8Array {
  return encodeDagCbor(envelopeToIpld(envelope))
}

/** SHA-256 of `encodeEnvelope`: of the envelope with its signature, where its id names the body alone. */
export function envelopeHash(envelope: SingleForm, sha256: Sha256): Uint8Array {
  return hashDagCbor(envelopeToIpld(envelope), sha256)
}

/** An envelope in its single form, its body read. Nothing is known yet of its signature. */
export type UnverifiedSingle<K extends Kind = Kind> = UnverifiedEnvelope<K, PathSignature>

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED for the frame, and as `readBody` for the body. */
export function decodeEnvelope(bytes: Uint8Array, context: ReadContext): Result<UnverifiedSingle, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: ENVELOPE_BYTES_MAX })
  return decoded.ok ? readEnvelope(decoded.value, context) : decoded
}

/** The same for a value that an entry held. */
export function readEnvelope(value: Ipld, context: ReadContext): Result<UnverifiedSingle, Rejection> {
  const single = checkSchema(singleSchema, value, '')
  if (!single.ok) return single
  const { body, sig } = single.value
  const read = readBody(body, context)
  if (!read.ok) return read
  const rejection = judgeSigner(read.value, sig.by)
  return rejection === undefined ? ok({ ...read.value, sig }) : err(rejection)
}
