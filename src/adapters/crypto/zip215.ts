import { hash } from 'node:crypto'
import { hashes, Point, verify } from '@noble/ed25519'

/**
 * The rule by which every signature is judged, as the journal records it: ZIP215 (cofactored equation,
 * S < L, encodings of A and R as lenient as the ZIP has them). A change of the rule gets a new number.
 * Source: protocol.md, "Identity"; ZIP 215.
 */
export const ZIP215_RULE = 'zip215/1'

hashes.sha512 = (message) => new Uint8Array(hash('sha512', message, 'buffer'))

/**
 * ZIP215 itself, in pure JavaScript: about ten times the cost of native verification. The first call with
 * S > 0 also builds a table of multiples of the base point (tens of milliseconds, once a thread).
 * False for a key that is not 32 bytes or a signature that is not 64.
 */
export function acceptsZip215(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  return verify(signature, message, key, { zip215: true })
}

/**
 * True for 32 bytes that encode a point of the curve in its one canonical way (y < p, no sign on x = 0) and
 * the point is not of small order. A point with a torsion component besides a large-order one passes.
 */
export function isAcceptablePoint(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  try {
    return !Point.fromBytes(bytes, false).isSmallOrder()
  } catch {
    // The library reports an encoding that it refuses by throwing; that is the answer here.
    return false
  }
}
