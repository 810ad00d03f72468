import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { did, signature } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

/** Two accounts say that they belong together; each signs the same body, as `related-party-link`. */
const relatedLink = z.compile(
  z.strictObject({
    body: z.strictObject({ v: z.literal(1), a: did, b: did }),
    sa: signature.describe("a's"),
    sb: signature.describe("b's"),
  }),
)

export type RelatedLink = z.output<typeof relatedLink>

const LINK_BYTES_MAX = 1_024

export function encodeRelatedLink(link: RelatedLink): Uint8Array {
  return encodeDagCbor(link)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; the signatures are not judged. */
export function decodeRelatedLink(bytes: Uint8Array): Result<RelatedLink, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: LINK_BYTES_MAX })
  return decoded.ok
    ? (checkSchema(relatedLink, decoded.value, 'evidence') as Result<RelatedLink, Rejection>)
    : decoded
}
