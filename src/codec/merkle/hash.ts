import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Levels of a tree that is signed, at most: 65,536 leaves. Source: protocol.md, "Signed types". */
export const PATH_LEVELS_MAX = 16

/** Size of every hash of a tree. */
export const HASH_BYTES = 32

const LEAF = 0x00
const NODE = 0x01

/** Leaves up to here are hashed out of one buffer: making a new one costs half a hash. */
const LEAF_BYTES_SHARED = 4_096

const leafInput = new Uint8Array(1 + LEAF_BYTES_SHARED)
leafInput[0] = LEAF

const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES)
nodeInput[0] = NODE

/**
 * sha256(0x00 || leaf). One buffer serves most calls, so `sha256` has read its input when it returns and does
 * not keep it; the hash is an array of its own. Source: RFC 6962, 2.1.
 */
export function leafHash(leaf: Uint8Array, sha256: Sha256): Uint8Array {
  const size = leaf.length + 1
  const input = size <= leafInput.length ? leafInput.subarray(0, size) : new Uint8Array(size)
  input.set(leaf, 1)
  return sha256(input)
}

/**
 * sha256(0x01 || left || right), with one buffer for all calls as in `leafHash`. Asserts 32 bytes each: what
 * others sent is measured before it comes here. Source: RFC 6962, 2.1.
 */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  assert(left.length === HASH_BYTES && right.length === HASH_BYTES, 'a hash of a tree has 32 bytes')
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return sha256(nodeInput)
}
