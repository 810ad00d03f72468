import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { equalBytes } from '../bytes.ts'
import { HASH_BYTES, nodeHash } from './hash.ts'
import { rootOfRange } from './root.ts'

/**
 * Hashes from which a reader of the first `oldSize` leaves' root and of the whole list's root can tell that the
 * list only grew. Empty for 0 leaves and for all. Asserts 0 <= oldSize <= leaves. Source: RFC 6962, 2.1.2.
 */
export function consistencyProof(
  leafHashes: readonly Uint8Array[],
  oldSize: number,
  sha256: Sha256,
): Uint8Array[] {
  assert(
    Number.isInteger(oldSize) && oldSize >= 0 && oldSize <= leafHashes.length,
    'the old tree is a beginning of the new',
  )
  return consistencyOf(oldSize, leafHashes.length, (from, to) => rootOfRange(leafHashes, from, to, sha256))
}

/**
 * As `consistencyProof`, of a tree that knows roots: `rootOf` is asked for ranges that begin with a whole node at least as
 * wide as they are. 0 <= oldSize <= newSize. Source: RFC 6962, 2.1.2.
 */
export function consistencyOf(
  oldSize: number,
  newSize: number,
  rootOf: (from: number, to: number) => Uint8Array,
): Uint8Array[] {
  if (oldSize === 0) return []
  const proof: Uint8Array[] = []
  let from = 0
  let to = newSize
  let isWholeOld = true
  while (oldSize !== to) {
    const middle = from + splitOf(to - from)
    if (oldSize <= middle) {
      proof.push(rootOf(middle, to))
      to = middle
    } else {
      proof.push(rootOf(from, middle))
      from = middle
      isWholeOld = false
    }
  }
  if (!isWholeOld) proof.push(rootOf(from, to))
  return proof.toReversed()
}

/**
 * True when the tree of `newSize` leaves begins with the tree of `oldSize` leaves. For input of others: false,
 * never a throw. A tree of 0 leaves begins every tree: its proof is empty. Source: RFC 9162, 2.1.4.2.
 */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
  sha256: Sha256,
): boolean {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize) || oldSize < 0 || oldSize > newSize)
    return false
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, sha256(new Uint8Array()))
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (oldRoot.length !== HASH_BYTES || proof.some((hash) => hash.length !== HASH_BYTES)) return false
  return leadsToBoth(oldSize, newSize, oldRoot, newRoot, proof, sha256)
}

function leadsToBoth(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
  sha256: Sha256,
): boolean {
  let at = oldSize - 1
  let last = newSize - 1
  while (at % 2 === 1) {
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  // a whole old tree is a node of the new one, and the proof leaves it out (at is then 0)
  const isWholeOld = at === 0
  const seed = isWholeOld ? oldRoot : proof[0]
  if (seed === undefined) return false
  let oldHash = seed
  let newHash = seed
  for (let i = isWholeOld ? 0 : 1; i < proof.length; i++) {
    const hash = proof[i] as Uint8Array
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(hash, oldHash, sha256)
      newHash = nodeHash(hash, newHash, sha256)
      while (at % 2 === 0 && at !== 0) {
        at = at / 2
        last = Math.floor(last / 2)
      }
    } else newHash = nodeHash(newHash, hash, sha256)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(oldHash, oldRoot) && equalBytes(newHash, newRoot)
}

/** The largest power of two below `size` (2 or more): where RFC 6962 divides a tree. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}
