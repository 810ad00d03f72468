import * as z from 'zod'
import type { ConfigVersion } from '../../model/certified.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { bytes, count, hash32, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { type Certificate, certificateOf, certificateToIpld, certificateTuple } from './certificate.ts'
import { configVersion } from './tree-head.ts'
import {
  TREE_LEVELS_MAX,
  type VoterLink,
  voterLinkOf,
  voterLinkToIpld,
  voterLinkTuple,
} from './voter-chain.ts'

/** A leaf and its place in the tree of a certificate. */
export interface ProvenLeaf {
  readonly leaf: Uint8Array
  /** Number of the leaf, from 0 on. */
  readonly index: number
  /** Siblings from below up, as RFC 6962 has them. */
  readonly path: readonly Uint8Array[]
}

/** What travels with a batch of effects or answers, so that nobody needs to believe who sent it. */
export interface BatchProof {
  readonly certificate: Certificate
  /** All leaves that made what is in the batch. */
  readonly leaves: readonly ProvenLeaf[]
  /** Changes of the source's voters that the other group may not know yet. */
  readonly links: readonly VoterLink[]
  /** The newest config of the receiving group that the sending one knows: links up to it need not be sent. */
  readonly knows: ConfigVersion
}

/** What a batch may carry as proof. */
export const BATCH_PROOF_BYTES_MAX = 262_144
const LEAVES_MAX = 512
const LINKS_MAX = 64

const schema = z.tuple([
  certificateTuple,
  list(z.tuple([bytes(1, BATCH_PROOF_BYTES_MAX), count, list(hash32, TREE_LEVELS_MAX)]), LEAVES_MAX),
  list(voterLinkTuple, LINKS_MAX),
  configVersion,
])

/** [certificate, [[leaf, index, path], …], [link, …], knows]. */
export function encodeBatchProof({ certificate, leaves, links, knows }: BatchProof): Uint8Array {
  return encodeDagCbor([
    certificateToIpld(certificate),
    leaves.map(({ leaf, index, path }) => [leaf, index, [...path]]),
    links.map(voterLinkToIpld),
    knows,
  ])
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; says nothing of whether it proves anything. */
export function decodeBatchProof(proof: Uint8Array): Result<BatchProof, Rejection> {
  const decoded = decodeDagCbor(proof, { bytesMax: BATCH_PROOF_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(schema, decoded.value, 'proof')
  if (!formed.ok) return formed
  const [certificate, leaves, links, knows] = formed.value
  return ok({
    certificate: certificateOf(certificate),
    leaves: leaves.map(([leaf, index, path]) => ({ leaf, index, path })),
    links: links.map(voterLinkOf),
    knows,
  })
}
