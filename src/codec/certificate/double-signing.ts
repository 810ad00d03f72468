import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { checkSchema } from '../schema-check.ts'
import { CERTIFICATE_BYTES_MAX } from './certificate.ts'
import { type SealShare, voterSignatureOf, voterSignatureToIpld, voterSignatureTuple } from './share.ts'
import { treeHeadOf, treeHeadToIpld, treeHeadTuple } from './tree-head.ts'

/** Two shares of one voter that no honest one gives: one size, two roots. Source: consensus.md, "Certificates". */
export interface DoubleSigning {
  readonly first: SealShare
  readonly second: SealShare
}

const shareTuple = z.tuple([treeHeadTuple, voterSignatureTuple])
const schema = z.tuple([shareTuple, shareTuple])

/** [[head, [voter, path, s]], [head, [voter, path, s]]]. */
export function encodeDoubleSigning({ first, second }: DoubleSigning): Uint8Array {
  return encodeDagCbor(
    [first, second].map((share) => [treeHeadToIpld(share.head), voterSignatureToIpld(share)]),
  )
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; says nothing of whether it proves anything. */
export function decodeDoubleSigning(bytes: Uint8Array): Result<DoubleSigning, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: CERTIFICATE_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(schema, decoded.value, 'evidence')
  if (!formed.ok) return formed
  const [first, second] = formed.value
  return ok({ first: shareOf(first), second: shareOf(second) })
}

function shareOf([head, signature]: z.input<typeof shareTuple>): SealShare {
  return { head: treeHeadOf(head), ...voterSignatureOf(signature) }
}
