import { createPublicKey, hash, sign, verify } from 'node:crypto'
import type { PublicKey, SecretKey, Signature } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { publicKeyObject, secretKeyObject } from './key-objects.ts'
import { acceptsZip215, isAcceptablePoint } from './zip215.ts'

const DIGEST_BYTES = 32

/**
 * The port by node:crypto, with ZIP215 of the pinned @noble/ed25519 where native verification refuses.
 * Native checks S < L and compares R byte by byte with the R that it computes: the cofactorless equation,
 * of which the cofactored one follows, so what it accepts ZIP215 accepts as well (`self-test.ts` holds it to that).
 * Signing is RFC 8032, deterministic.
 */
export const nodeCrypto: Crypto = {
  sha256,
  sha256Hex,
  sign: signEd25519,
  publicKeyOf,
  verifyFast,
  verify: verifyByRule,
  isAcceptableKey,
}

/** As text of one byte a character: the native call makes an array of bytes at twice the cost of all of this. */
function sha256(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'latin1')
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let at = 0; at < DIGEST_BYTES; at++) digest[at] = text.charCodeAt(at)
  return digest
}

function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex')
}

function signEd25519(secret: SecretKey, message: Uint8Array): Signature {
  return plain(sign(null, message, secretKeyObject(secret))) as Signature
}

function publicKeyOf(secret: SecretKey): PublicKey {
  const raw = createPublicKey(secretKeyObject(secret)).export({ format: 'raw-public' })
  return plain(raw) as PublicKey
}

function verifyFast(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  const imported = publicKeyObject(key)
  return imported !== undefined && verify(null, message, imported, signature)
}

function verifyByRule(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyFast(key, message, signature) || acceptsZip215(key, message, signature)
}

function isAcceptableKey(bytes: Uint8Array): bytes is PublicKey {
  return isAcceptablePoint(bytes)
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies; callers get what the port says. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
