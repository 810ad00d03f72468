import { equalBytes } from '../../codec/bytes.ts'
import type { ProvenLeaf } from '../../codec/certificate/batch-proof.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import {
  decodeItemLeaf,
  decodeLeafOutputs,
  type ItemLeaf,
  type Output,
} from '../../codec/certificate/leaf.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { verifyInclusion } from '../../codec/merkle/inclusion.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { PathCheck } from './path-check.ts'
import type { CertificateContext } from './verify-certificate.ts'
import { type VoterChain, verifyInChain } from './voter-chain.ts'

/** A leaf with all that proves it to who knows the group's voters. */
export interface CertifiedLeaf extends ProvenLeaf {
  readonly certificate: Certificate
}

/**
 * Whether a group's voters certified this leaf: the certificate by the voters of its size, the path from the leaf to
 * the certified root. `chain` is `extendChainAll(startChain(genesis config), links)`. Gives what the leaf says; that
 * the item is the one that it names, `isItem` tells. Rejects as `verifyInChain`, CONFLICT for a path that leads
 * elsewhere, MALFORMED for bytes that are no leaf of an item. Source: consensus.md, "Certificates"; record.md, check 4.
 */
export function verifyLeaf(
  chain: VoterChain,
  { certificate, ...proven }: CertifiedLeaf,
  context: CertificateContext,
): Result<ItemLeaf, Rejection> {
  const head = verifyInChain(chain, certificate, context)
  return head.ok ? openLeaf(head.value, proven, context.sha256) : head
}

/** As `verifyLeaf`, of a head whose certificate was verified before. */
export function openLeaf(head: TreeHead, proven: ProvenLeaf, sha256: Sha256): Result<ItemLeaf, Rejection> {
  return isIncluded(head, proven, sha256) ? decodeItemLeaf(proven.leaf) : notIncluded(head, proven)
}

/** Outputs that each leaf of a verified head names: of an item, or of older ones. Rejects as `openLeaf`. */
export function openOutputs(
  head: TreeHead,
  leaves: readonly ProvenLeaf[],
  sha256: Sha256,
): Result<readonly (readonly Output[])[], Rejection> {
  const paths = new PathCheck(head.size, head.root, sha256)
  const opened: (readonly Output[])[] = []
  for (const proven of leaves) {
    const { leaf, index, path } = proven
    if (!paths.includes(leafHash(leaf, sha256), index, path)) return notIncluded(head, proven)
    const outputs = decodeLeafOutputs(leaf)
    if (!outputs.ok) return outputs
    opened.push(outputs.value)
  }
  return ok(opened)
}

function isIncluded({ size, root }: TreeHead, { leaf, index, path }: ProvenLeaf, sha256: Sha256): boolean {
  return verifyInclusion(leafHash(leaf, sha256), index, size, path, root, sha256)
}

function notIncluded({ size }: TreeHead, { index }: ProvenLeaf): ReturnType<typeof reject> {
  return reject('CONFLICT', `leaf ${index} is not in the tree of size ${size}`, 'path')
}

/** True when these bytes, as they stand in the entry, are the item of the leaf. */
export function isItem(leaf: ItemLeaf, item: Uint8Array, sha256: Sha256): boolean {
  return equalBytes(leaf.item, sha256(item))
}
