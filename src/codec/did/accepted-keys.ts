import type { Did, PublicKey } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { didOfKey, keyOfDid, parseDid } from './did-key.ts'

/** A DID and the accepted key that it names. The key's bytes are shared: nobody writes to them. */
export interface Identity {
  readonly did: Did
  readonly key: PublicKey
}

/**
 * Keys that were accepted once, by DID: the hot path of every envelope, since each has a sender. Accepting costs
 * about 100 µs, asking again a map look-up.
 */
export interface AcceptedKeys {
  /** Rejects MALFORMED for no canonical did:key, BAD_KEY for a key that is not Ed25519 or not acceptable. */
  ofDid(text: string): Result<Identity, Rejection>
  /** Rejects BAD_KEY. */
  ofBytes(bytes: Uint8Array): Result<Identity, Rejection>
}

/** How many identities are kept where the caller has no reason for another number; each takes about 300 bytes. */
const ACCEPTED_KEYS_MAX = 16_384

/** Refusals are not kept: a sender of bad keys must not push good ones out. Rule: protocol.md, "Identity". */
export function acceptedKeys(
  crypto: Pick<Crypto, 'isAcceptableKey'>,
  entriesMax: number = ACCEPTED_KEYS_MAX,
): AcceptedKeys {
  const byDid = new LruMap<string, Identity>(entriesMax)

  function accept(did: Did, bytes: Uint8Array): Result<Identity, Rejection> {
    if (!crypto.isAcceptableKey(bytes)) {
      return reject('BAD_KEY', 'the key is not a canonical point of the curve, or of small order')
    }
    const identity = { did, key: bytes }
    byDid.set(did, identity)
    return ok(identity)
  }

  return {
    ofDid(text) {
      const known = byDid.get(text)
      if (known !== undefined) return ok(known)
      const did = parseDid(text)
      if (!did.ok) return did
      const bytes = keyOfDid(did.value)
      return bytes.ok ? accept(did.value, bytes.value) : bytes
    },
    ofBytes(bytes) {
      if (bytes.length !== 32) return reject('BAD_KEY', 'a public key has 32 bytes')
      // Cast before it is accepted: the text is needed to look it up, and leaves here only when it was.
      const did = didOfKey(bytes as PublicKey)
      const known = byDid.get(did)
      return known === undefined ? accept(did, bytes.slice()) : ok(known)
    },
  }
}
