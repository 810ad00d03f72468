import * as z from 'zod'
import { assert } from '../../model/fault.ts'
import type { Did, Signature } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { leafHash, PATH_LEVELS_MAX } from '../merkle/hash.ts'
import { allPaths, type PathStep, rootFromPath } from '../merkle/inclusion.ts'
import { merkleRoot } from '../merkle/root.ts'
import { did, hash32, list, signature } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { encodeTreeHead, type TreeHead, treeHeadOf, treeHeadToIpld, treeHeadTuple } from './tree-head.ts'

/** Groups that one signature covers, at most: all of a node, with room. */
export const SHARE_HEADS_MAX = 1_024
/** Of what a voter says in one turn. */
export const SHARES_BYTES_MAX = 262_144

/**
 * What a voter says of all groups of one turn: its signature, of the type `seal-share`, is over the root of an
 * RFC 6962 tree whose leaves are these heads. Source: consensus.md, "Certificates"; protocol.md, "Signed types".
 */
export interface SealShares {
  readonly voter: Did
  /** 1 to SHARE_HEADS_MAX; a group may have several sizes, never two heads of one. */
  readonly heads: readonly TreeHead[]
  readonly s: Signature
}

/** What a voter says of one group. */
export interface SealShare extends VoterSignature {
  readonly head: TreeHead
}

/** A voter's signature for a head that is known from elsewhere. */
export interface VoterSignature {
  readonly voter: Did
  /** From the head, as leaf, to the root that was signed. */
  readonly path: readonly PathStep[]
  readonly s: Signature
}

const sharesSchema = z.tuple([did, list(treeHeadTuple, SHARE_HEADS_MAX, 1), signature])

const step = z.tuple([z.literal([0, 1]), hash32])

/** [voter, path, s]. */
export const voterSignatureTuple = z.tuple([did, list(step, PATH_LEVELS_MAX), signature])

export function voterSignatureToIpld({
  voter,
  path,
  s,
}: VoterSignature): z.input<typeof voterSignatureTuple> {
  return [voter, path.map(([side, hash]): [0 | 1, Uint8Array] => [side, hash]), s]
}

export function voterSignatureOf([voter, path, s]: z.input<typeof voterSignatureTuple>): VoterSignature {
  return { voter, path, s }
}

/** What a voter signs, as type `seal-share`, for these heads: 32 bytes. Asserts 1 to SHARE_HEADS_MAX heads. */
export function shareRoot(heads: readonly TreeHead[], sha256: Sha256): Uint8Array {
  assert(
    heads.length > 0 && heads.length <= SHARE_HEADS_MAX,
    'one signature covers a bounded number of heads',
  )
  return merkleRoot(leavesOf(heads, sha256), sha256)
}

/** The root that a share leads to: what its voter must have signed. */
export function rootOfShare(head: TreeHead, path: readonly PathStep[], sha256: Sha256): Uint8Array {
  return rootFromPath(leafHash(encodeTreeHead(head), sha256), path, sha256)
}

/** Each head's own share, in order. */
export function sharesOf({ voter, heads, s }: SealShares, sha256: Sha256): readonly SealShare[] {
  const paths = allPaths(leavesOf(heads, sha256), sha256)
  return heads.map((head, at) => ({ voter, head, path: paths[at] ?? [], s }))
}

export function encodeShares({ voter, heads, s }: SealShares): Uint8Array {
  return encodeDagCbor([voter, heads.map(treeHeadToIpld), s])
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; says nothing of the signature. */
export function decodeShares(bytes: Uint8Array): Result<SealShares, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: SHARES_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(sharesSchema, decoded.value, 'shares')
  if (!formed.ok) return formed
  const [voter, heads, s] = formed.value
  return ok({ voter, heads: heads.map(treeHeadOf), s })
}

function leavesOf(heads: readonly TreeHead[], sha256: Sha256): readonly Uint8Array[] {
  return heads.map((head) => leafHash(encodeTreeHead(head), sha256))
}
