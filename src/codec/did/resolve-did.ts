import type { AgreementKey, Did, PublicKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { equalBytes } from '../bytes.ts'
import { didOfKey, keyOfDid, parseDid } from './did-key.ts'
import { type KeyElement, type PeerDid, parseDidPeer } from './did-peer.ts'
import { NO_ADDRESSES, type NodeAddresses } from './node-addresses.ts'

/** What resolving asks of cryptography. */
export interface KeyRules extends Pick<Crypto, 'isAcceptableKey'> {
  /** The X25519 key that belongs to an Ed25519 key. Rejects BAD_KEY where there is none (a torsion component). */
  agreementKeyOf(key: PublicKey): Result<AgreementKey, Rejection>
}

/** What a DID stands for, found without asking anybody. */
export interface ResolvedDid {
  /** The DID as it was asked for. */
  readonly id: string
  /** The did:key of the same key: the form in which identities are compared. */
  readonly did: Did
  readonly key: PublicKey
  /** Undefined for the odd key that has none: nothing can be sealed to it. */
  readonly agreementKey: AgreementKey | undefined
  readonly addresses: NodeAddresses
  /** The keys of a did:peer:2 as its text lists them; none otherwise. */
  readonly elements: readonly KeyElement[]
}

/**
 * Resolves did:key of Ed25519 and did:peer of numalgo 0 and 2, offline. A did:peer:2 whose X25519 key is not the one of
 * its Ed25519 key is refused: the text is not signed, and what is sealed to a stranger's key is the stranger's.
 * Rejects MALFORMED, TOO_LARGE, BAD_KEY. Rule: protocol.md, "Identity".
 */
export function resolveDid(text: string, rules: KeyRules): Result<ResolvedDid, Rejection> {
  const named = text.startsWith('did:peer:') ? parseDidPeer(text) : parseDidKey(text)
  if (!named.ok) return named
  const { key, agreementKey: claimed, addresses, elements } = named.value
  if (!rules.isAcceptableKey(key)) {
    return reject('BAD_KEY', 'the key is not a canonical point of the curve, or of small order')
  }
  const derived = rules.agreementKeyOf(key)
  const agreementKey = derived.ok ? derived.value : undefined
  if (claimed !== undefined && (agreementKey === undefined || !equalBytes(claimed, agreementKey))) {
    return reject('BAD_KEY', 'the X25519 key is not the one of the Ed25519 key')
  }
  return ok({ id: text, did: didOfKey(key), key, agreementKey, addresses, elements })
}

function parseDidKey(text: string): Result<PeerDid, Rejection> {
  const did = parseDid(text)
  if (!did.ok) return did
  const key = keyOfDid(did.value)
  return key.ok ? ok({ key: key.value, agreementKey: undefined, addresses: NO_ADDRESSES, elements: [] }) : key
}
