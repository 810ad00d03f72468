import { equalBytes } from '../../codec/bytes.ts'
import { decodeItemLeaf, isLeafBetweenHosts } from '../../codec/certificate/leaf.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { decodeVotersLeaf } from '../../codec/network-log/voters-leaf.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogRecord } from '../../ports/network-log.ts'
import { LogTree } from './log-tree.ts'
import type { CertificateContext } from './verify-certificate.ts'
import { isItem } from './verify-leaf.ts'
import { type VoterChain, verifyInChain } from './voter-chain.ts'

/**
 * Whether a group's voters certified these leaves, and the items are the ones that the leaves name. Rejects as
 * `verifyInChain`; CONFLICT for another root, an item that is not its leaf's, and a change of voters: of that the entry
 * matters that recorded its certificate, so it is fetched.
 */
export function verifyCertifiedBatch(
  { from, peaks, records, certificate }: CertifiedBatch,
  chain: VoterChain,
  context: CertificateContext,
): Result<TreeHead, Rejection> {
  const head = verifyInChain(chain, certificate, context)
  if (!head.ok || records.length === 0) return head
  const tree = new LogTree({ size: from, peaks }, context.sha256)
  for (const [n, record] of records.entries()) {
    const isLawful = record.kind === 'item' || record.kind === 'passed'
    if (!isLawful || !isWhatItSays(record, context.sha256))
      return reject('CONFLICT', `record ${n} is no ${record.kind} here`, 'records')
    tree.append(leafHash(record.leaf, context.sha256))
  }
  return equalBytes(tree.root(), head.value.root)
    ? head
    : reject('CONFLICT', 'the leaves have another root', 'records')
}

/** True when a record is what its leaf says: the item that it names, a word between hosts, a change of voters. */
export function isWhatItSays(record: LogRecord, sha256: Sha256): boolean {
  switch (record.kind) {
    case 'item': {
      const leaf = decodeItemLeaf(record.leaf)
      return leaf.ok && isItem(leaf.value, record.item, sha256)
    }
    case 'passed':
      return isLeafBetweenHosts(record.leaf)
    case 'voters':
      return decodeVotersLeaf(record.leaf).ok
    case 'certificate':
      return false
    default:
      return record satisfies never
  }
}
