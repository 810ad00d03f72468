import { type BatchProof, encodeBatchProof } from '../../codec/certificate/batch-proof.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import { encodeVoterChain, type VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import { assert } from '../../model/fault.ts'
import { certifiedLinks, type SealedLog } from './sealed-log.ts'

/** What a batch can prove of a group at most: leaves and paths beyond it go with the next batch. */
const PROVEN_BYTES_MAX = 98_304
/** Changes of voters that one proof brings: a receiver that lacks more gets them by and by. */
const LINKS_BYTES_MAX = 65_536
const LINKS_AT_ONCE = 64

/**
 * How many of these outputs, in order, the certificate covers and a proof has room for. Asserts nothing: an output
 * that is no more open ends the count.
 */
export function provable(sealed: SealedLog, size: number, keys: readonly string[]): number {
  const counted = new Set<number>()
  let bytes = 0
  const levels = size.toString(2).length
  for (const [at, key] of keys.entries()) {
    const leaf = sealed.outputs.get(key)?.leaf
    if (leaf === undefined || leaf >= size) return at
    if (counted.has(leaf)) continue
    counted.add(leaf)
    bytes += (sealed.leaves.get(leaf)?.bytes.length ?? 0) + 34 * levels + 16
    if (at > 0 && bytes > PROVEN_BYTES_MAX) return at
  }
  return keys.length
}

/**
 * Proof that the group made these outputs, for a receiver that knows its voters up to config `known`. Asserts that
 * the certificate covers them.
 */
export function proveOutputs(
  sealed: SealedLog,
  certificate: Certificate,
  keys: readonly string[],
  known: ConfigVersion,
  knows: ConfigVersion,
): Uint8Array {
  const numbers = new Set(keys.map((key) => sealed.outputs.get(key)?.leaf))
  const leaves = [...numbers].map((index) => {
    const leaf = index === undefined ? undefined : sealed.leaves.get(index)
    assert(leaf !== undefined && index !== undefined, 'an output that is to be proved is open')
    return { leaf: leaf.bytes, index, path: sealed.tree.path(index, certificate.head.size) }
  })
  const all = certifiedLinks(sealed, known).filter(({ config }) => config.version <= certificate.head.config)
  const proof: BatchProof = { certificate, leaves, links: firstLinks(all), knows }
  return encodeBatchProof(proof)
}

function firstLinks(links: readonly VoterLink[]): readonly VoterLink[] {
  let bytes = 0
  const end = links.findIndex((link, at) => {
    bytes += encodeVoterChain([link]).length
    return at > 0 && (bytes > LINKS_BYTES_MAX || at >= LINKS_AT_ONCE)
  })
  return end < 0 ? links : links.slice(0, end)
}
