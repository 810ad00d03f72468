import type { Sha256 } from '../../ports/crypto.ts'
import { nodeHash } from './hash.ts'

/**
 * Root over the leaves' hashes, in order. No leaf: sha256 of nothing; one leaf: its hash, the same array.
 * Source: RFC 6962, 2.1.
 */
export function merkleRoot(leafHashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  return rootOfRange(leafHashes, 0, leafHashes.length, sha256)
}

/** Root of the tree over the leaves [from, to). */
export function rootOfRange(
  leafHashes: readonly Uint8Array[],
  from: number,
  to: number,
  sha256: Sha256,
): Uint8Array {
  const level = leafHashes.slice(from, to)
  while (level.length > 1) foldLevel(level, sha256)
  return level[0] ?? sha256(new Uint8Array())
}

/** Puts the parents in place of their children; the last of an odd row goes up as it is. */
function foldLevel(level: Uint8Array[], sha256: Sha256): void {
  let parents = 0
  for (let left = 0; left < level.length; left += 2) {
    level[parents++] = parentAt(level, left, sha256)
  }
  level.length = parents
}

/** Parent of the nodes `left` and `left + 1` of a row. */
export function parentAt(level: readonly Uint8Array[], left: number, sha256: Sha256): Uint8Array {
  const leftHash = level[left] as Uint8Array
  const rightHash = level[left + 1]
  return rightHash === undefined ? leftHash : nodeHash(leftHash, rightHash, sha256)
}
