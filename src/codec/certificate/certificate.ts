import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor, hashDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { isAscending } from './ascending.ts'
import { type VoterSignature, voterSignatureOf, voterSignatureToIpld, voterSignatureTuple } from './share.ts'
import { type TreeHead, treeHeadOf, treeHeadToIpld, treeHeadTuple } from './tree-head.ts'
import { CONFIG_VOTERS_MAX } from './voter-config.ts'

/** Enough voters' signatures over one head. Ascending by voter, none twice. Source: consensus.md, "Certificates". */
export interface Certificate {
  readonly head: TreeHead
  readonly shares: readonly VoterSignature[]
}

/** 14 voters of two sets, each with a path of 16 levels, take under 10 KiB. */
export const CERTIFICATE_BYTES_MAX = 65_536

/** [head, [[voter, path, s], …]]. */
export const certificateTuple = z.tuple([
  treeHeadTuple,
  list(voterSignatureTuple, 2 * CONFIG_VOTERS_MAX, 1).refine(
    (shares) => isAscending(shares.map(([voter]) => voter)),
    'expected voters in ascending order, none twice',
  ),
])

export function certificateToIpld({ head, shares }: Certificate): z.input<typeof certificateTuple> & Ipld {
  return [treeHeadToIpld(head), shares.map(voterSignatureToIpld)]
}

export function certificateOf([head, shares]: z.input<typeof certificateTuple>): Certificate {
  return { head: treeHeadOf(head), shares: shares.map(voterSignatureOf) }
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  return encodeDagCbor(certificateToIpld(certificate))
}

/** SHA-256 of `encodeCertificate`. */
export function certificateHash(certificate: Certificate, sha256: Sha256): Uint8Array {
  return hashDagCbor(certificateToIpld(certificate), sha256)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED (also the order of voters); says nothing of signatures and voters. */
export function decodeCertificate(bytes: Uint8Array): Result<Certificate, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: CERTIFICATE_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(certificateTuple, decoded.value, 'certificate')
  return formed.ok ? ok(certificateOf(formed.value)) : formed
}
