import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import type { SecretKey } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'

/** How many imported public keys are kept; each costs about a kilobyte of native memory. */
const PUBLIC_KEYS_MAX = 4096
/** How many imported secret keys are kept: a node signs for itself and for the agents that it hosts. */
const SECRET_KEYS_MAX = 64

/** DER of PKCS#8 up to the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const publicKeys = new LruMap<string, KeyObject>(PUBLIC_KEYS_MAX)
const secretKeys = new LruMap<string, KeyObject>(SECRET_KEYS_MAX)

/** The native form of an Ed25519 public key; undefined when native code refuses to import the bytes. */
export function publicKeyObject(key: Uint8Array): KeyObject | undefined {
  const known = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  const cached = publicKeys.get(known)
  if (cached !== undefined) return cached
  const imported = importPublic(key)
  if (imported !== undefined) publicKeys.set(known, imported)
  return imported
}

function importPublic(key: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(key), format: 'raw-public', asymmetricKeyType: 'ed25519' })
  } catch {
    // A refused import is an answer of the fast path ("not accepted"), not a failure.
    return undefined
  }
}

/** The native form of a seed. Cached under the seed's hash, so that the cache adds no copy of the seed in a string. */
export function secretKeyObject(secret: SecretKey): KeyObject {
  const known = hash('sha256', secret, 'base64')
  const cached = secretKeys.get(known)
  if (cached !== undefined) return cached
  const der = Buffer.concat([PKCS8_PREFIX, secret])
  const imported = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  secretKeys.set(known, imported)
  return imported
}
