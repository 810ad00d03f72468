import type { Did, PublicKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { multikeyOf, parseMultikey } from './multikey.ts'

const PREFIX = 'did:key:'
/** The prefix and a multikey of 48 characters. */
const DID_CHARS = 56

/** `did:key:z6Mk…`, 56 characters. Source: protocol.md, "Identity"; did:key method. */
export function didOfKey(key: PublicKey): Did {
  return `${PREFIX}${multikeyOf(key)}` as Did
}

/**
 * Accepts the one text of an Ed25519 did:key; says nothing yet about the key as a point (`acceptedKeys`).
 * Rejects MALFORMED for another form, BAD_KEY for a did:key of another type. Costs a base58 decoding.
 */
export function parseDid(text: string): Result<Did, Rejection> {
  const key = keyIn(text)
  return key.ok ? ok(text as Did) : key
}

/** The 32 raw bytes that a DID names, not yet accepted as a key. Rejects only what a cast made a `Did`. */
export function keyOfDid(did: Did): Result<Uint8Array, Rejection> {
  return keyIn(did)
}

function keyIn(text: string): Result<Uint8Array, Rejection> {
  if (!text.startsWith(PREFIX)) return reject('MALFORMED', 'an identity is a did:key')
  const multikey = parseMultikey(text.slice(PREFIX.length, DID_CHARS + 1))
  if (!multikey.ok) return multikey
  if (multikey.value.kind !== 'ed25519') return reject('BAD_KEY', 'an identity is an Ed25519 key')
  return ok(multikey.value.bytes)
}
