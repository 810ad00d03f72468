import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { concatBytes } from '../../codec/bytes.ts'
import { assert } from '../../model/fault.ts'
import type { PublicKey, SecretKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Random } from '../../ports/random.ts'
import type { SealedBoxes } from '../../ports/sealed-box.ts'
import { agreementKeyOf, agreementSecretOf } from './agreement-keys.ts'

export const SEALED_MESSAGE_BYTES_MAX = 1_048_576

const EPHEMERAL_BYTES = 32
const TAG_BYTES = 16
/** What a box is longer than its message. */
export const SEAL_BYTES = EPHEMERAL_BYTES + TAG_BYTES

/** Rule: `SealedBoxes`. The ephemeral secrets come from `random`. */
export function sealedBoxes(random: Random): SealedBoxes {
  return {
    seal: (recipient, message) => seal(random, recipient, message),
    open,
  }
}

function seal(random: Random, recipient: PublicKey, message: Uint8Array): Result<Uint8Array, Rejection> {
  if (message.length > SEALED_MESSAGE_BYTES_MAX) {
    return reject('TOO_LARGE', `a sealed message has at most ${SEALED_MESSAGE_BYTES_MAX} bytes`)
  }
  const recipientKey = agreementKeyOf(recipient)
  if (!recipientKey.ok) return recipientKey
  const ephemeralSecret = random.bytes(32)
  const ephemeral = x25519.getPublicKey(ephemeralSecret)
  const key = boxKey(ephemeralSecret, recipientKey.value)
  ephemeralSecret.fill(0)
  assert(key !== undefined, 'a key of prime order gives no shared secret of zeros')
  const cipher = xsalsa20poly1305(key, sealNonce(ephemeral, recipientKey.value))
  return ok(concatBytes(ephemeral, cipher.encrypt(message)))
}

function open(secret: SecretKey, box: Uint8Array): Result<Uint8Array, Rejection> {
  if (box.length > SEALED_MESSAGE_BYTES_MAX + SEAL_BYTES) {
    return reject('TOO_LARGE', `a sealed box has at most ${SEALED_MESSAGE_BYTES_MAX + SEAL_BYTES} bytes`)
  }
  if (box.length < SEAL_BYTES) return reject('MALFORMED', `a sealed box has at least ${SEAL_BYTES} bytes`)
  const ephemeral = box.subarray(0, EPHEMERAL_BYTES)
  const agreementSecret = agreementSecretOf(secret)
  const key = boxKey(agreementSecret, ephemeral)
  if (key === undefined) return reject('BAD_KEY', "the box's ephemeral key is of low order")
  const cipher = xsalsa20poly1305(key, sealNonce(ephemeral, x25519.getPublicKey(agreementSecret)))
  try {
    return ok(cipher.decrypt(box.subarray(EPHEMERAL_BYTES)))
  } catch {
    // The library reports a wrong tag by throwing; that is the answer here.
    return reject('MALFORMED', 'the box does not open with this key')
  }
}

/** "expand 32-byte k", the constant of Salsa20 for keys of 32 bytes, as little-endian words. */
const SIGMA = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)

/** crypto_box_beforenm: HSalsa20 of the shared secret with a zero input; undefined for a shared secret of zeros. */
function boxKey(secret: Uint8Array, peer: Uint8Array): Uint8Array | undefined {
  const shared = sharedSecret(secret, peer)
  if (shared === undefined) return undefined
  const key = new Uint32Array(8)
  hsalsa(SIGMA, new Uint32Array(shared.slice().buffer), new Uint32Array(4), key)
  shared.fill(0)
  return new Uint8Array(key.buffer)
}

function sharedSecret(secret: Uint8Array, peer: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, peer)
  } catch {
    // Thrown for a peer key of low order, whose shared secret everybody knows.
    return undefined
  }
}

function sealNonce(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(concatBytes(ephemeral, recipient), { dkLen: 24 })
}
