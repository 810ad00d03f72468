import { ed25519 } from '@noble/curves/ed25519.js'
import type { AgreementKey, PublicKey, SecretKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

/**
 * The X25519 key of an Ed25519 key, as libsodium's crypto_sign_ed25519_pk_to_curve25519 has it: u = (1 + y) / (1 - y).
 * Rejects BAD_KEY for a key that is not canonical, not on the curve, of small order, or with a torsion component.
 * Costs a scalar multiplication (the check of the last): about a millisecond.
 */
export function agreementKeyOf(key: PublicKey): Result<AgreementKey, Rejection> {
  if (!isOfPrimeOrder(key)) return reject('BAD_KEY', 'the Ed25519 key has no X25519 key')
  return ok(ed25519.utils.toMontgomery(key) as Uint8Array as AgreementKey)
}

/** The X25519 secret of an Ed25519 seed, as crypto_sign_ed25519_sk_to_curve25519 has it: the clamped scalar, 32 bytes. */
export function agreementSecretOf(secret: SecretKey): Uint8Array {
  return ed25519.utils.toMontgomerySecret(secret)
}

function isOfPrimeOrder(key: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(key, false)
    return !point.isSmallOrder() && point.isTorsionFree()
  } catch {
    // The library reports an encoding that it refuses by throwing; that is the answer here.
    return false
  }
}
