import type { PublicKey, SecretKey } from '../model/ids.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/**
 * Anonymous public-key boxes as libsodium's crypto_box_seal makes them: 32 bytes of an ephemeral X25519 key, then
 * XSalsa20-Poly1305 with its 16 bytes of tag. They hide the message and say nothing of who made it.
 * Rule: protocol.md, "Identity".
 */
export interface SealedBoxes {
  /**
   * Seals to the X25519 key of an Ed25519 key; the box is 48 bytes longer than the message. Rejects TOO_LARGE,
   * and BAD_KEY for a key that has no X25519 key (small order, a torsion component, not on the curve).
   */
  seal(recipient: PublicKey, message: Uint8Array): Result<Uint8Array, Rejection>
  /**
   * Opens with the Ed25519 seed of the recipient. Rejects TOO_LARGE; MALFORMED when the box is short, altered or sealed
   * to somebody else (these cannot be told apart); BAD_KEY when its ephemeral key is of low order.
   */
  open(secret: SecretKey, box: Uint8Array): Result<Uint8Array, Rejection>
}
