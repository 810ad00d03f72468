import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { equalBytes } from '../bytes.ts'
import { HASH_BYTES, nodeHash } from './hash.ts'
import { parentAt } from './root.ts'

/** Side 0: the sibling is on the left; 1: on the right. The hash has 32 bytes. */
export type PathStep = readonly [side: 0 | 1, hash: Uint8Array]

/**
 * Siblings from the leaf up to below the root. Hashes the whole tree: for many leaves of one tree take
 * `allPaths`. Asserts that the leaf exists. Source: RFC 6962, 2.1.1.
 */
export function inclusionPath(leafHashes: readonly Uint8Array[], index: number, sha256: Sha256): PathStep[] {
  assert(Number.isInteger(index) && index >= 0 && index < leafHashes.length, 'a path is that of a leaf')
  const path: PathStep[] = []
  let at = index
  for (const row of rowsOf(leafHashes, sha256)) {
    pushSibling(path, row, at)
    at >>= 1
  }
  return path
}

/** The path of every leaf, in the leaves' order, each node hashed once. Paths share their hashes' arrays. */
export function allPaths(leafHashes: readonly Uint8Array[], sha256: Sha256): PathStep[][] {
  const rows = rowsOf(leafHashes, sha256)
  return leafHashes.map((_, index) => {
    const path: PathStep[] = []
    for (let level = 0; level < rows.length; level++) {
      pushSibling(path, rows[level] as readonly Uint8Array[], index >> level)
    }
    return path
  })
}

/**
 * Root that a leaf and its path lead to; the path says the leaf's place by its sides. Asserts 32 bytes a hash:
 * the decoder of a path measures it. An empty path gives the leaf's hash.
 */
export function rootFromPath(leafHash: Uint8Array, path: readonly PathStep[], sha256: Sha256): Uint8Array {
  let hash = leafHash
  for (const [side, sibling] of path) {
    hash = side === 0 ? nodeHash(sibling, hash, sha256) : nodeHash(hash, sibling, sha256)
  }
  return hash
}

/**
 * True when the leaf is number `index` of a tree of `size` leaves with this root. For input of others: false,
 * never a throw, for hashes of a wrong size and for numbers that are none. Source: RFC 9162, 2.1.3.2.
 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  if (leafHash.length !== HASH_BYTES || path.some((hash) => hash.length !== HASH_BYTES)) return false
  let at = index
  let last = size - 1
  let hash = leafHash
  for (const sibling of path) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash, sha256)
      while (at % 2 === 0 && at !== 0) {
        at = at / 2
        last = Math.floor(last / 2)
      }
    } else hash = nodeHash(hash, sibling, sha256)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(hash, root)
}

/** Rows of the tree from the leaves up, without the root. */
function rowsOf(leafHashes: readonly Uint8Array[], sha256: Sha256): (readonly Uint8Array[])[] {
  const rows: (readonly Uint8Array[])[] = []
  let row = leafHashes
  while (row.length > 1) {
    rows.push(row)
    const parents: Uint8Array[] = []
    for (let left = 0; left < row.length; left += 2) parents.push(parentAt(row, left, sha256))
    row = parents
  }
  return rows
}

function pushSibling(path: PathStep[], row: readonly Uint8Array[], at: number): void {
  const sibling = row[at ^ 1]
  if (sibling !== undefined) path.push([at % 2 === 1 ? 0 : 1, sibling])
}
