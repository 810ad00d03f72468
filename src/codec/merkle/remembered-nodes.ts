import type { Sha256 } from '../../ports/crypto.ts'
import { HASH_BYTES } from './hash.ts'

/** A power of two; each takes 97 bytes. */
const SLOTS = 16_384
/** What is hashed of an inner node: 0x01, left, right. */
const NODE_BYTES = 1 + 2 * HASH_BYTES
const NODE = 0x01
const SLOT_BYTES = NODE_BYTES + HASH_BYTES

/**
 * The same function, which remembers hashes of inner nodes: paths of one tree, and of the same tree at other sizes, mostly
 * share their upper nodes. What it gives was the hash of these very bytes.
 */
export function rememberingNodes(sha256: Sha256): Sha256 {
  const slots = new Uint8Array(SLOTS * SLOT_BYTES)
  return (bytes) => {
    if (bytes.length !== NODE_BYTES || bytes[0] !== NODE) return sha256(bytes)
    const at = slotOf(bytes) * SLOT_BYTES
    if (isAt(slots, at, bytes)) return hashAt(slots, at + NODE_BYTES)
    const hash = sha256(bytes)
    slots.set(bytes, at)
    slots.set(hash, at + NODE_BYTES)
    return hash
  }
}

/** By two bytes of each child, which are hashes. */
function slotOf(bytes: Uint8Array): number {
  const left = ((bytes[1] as number) << 8) | (bytes[2] as number)
  const right = ((bytes[1 + HASH_BYTES] as number) << 8) | (bytes[2 + HASH_BYTES] as number)
  return (left ^ (right << 1)) & (SLOTS - 1)
}

/** A copy; by hand, which for so few bytes is cheaper than a call. */
function hashAt(slots: Uint8Array, at: number): Uint8Array {
  const hash = new Uint8Array(HASH_BYTES)
  for (let i = 0; i < HASH_BYTES; i++) hash[i] = slots[at + i] as number
  return hash
}

/** The first byte of a used slot is 0x01, so an empty one is nobody's. */
function isAt(slots: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < NODE_BYTES; i++) if (slots[at + i] !== bytes[i]) return false
  return true
}
