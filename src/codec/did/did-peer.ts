import { base64url } from 'multiformats/bases/base64'
import type { AgreementKey, PublicKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { equalBytes } from '../bytes.ts'
import { agreementMultikeyOf, type Multikey, multikeyOf, parseMultikey } from './multikey.ts'
import { NO_ADDRESSES, type NodeAddresses, parseAddresses } from './node-addresses.ts'

/** Type of the service that carries a node's multiaddrs, in `serviceEndpoint.multiaddrs`. */
export const NODE_SERVICE_TYPE = 'CanSwarmNode'

/** Room for 16 addresses of 256 characters in base64. */
const DID_PEER_CHARS_MAX = 8192

const PREFIX_0 = 'did:peer:0'
const PREFIX_2 = 'did:peer:2.'

/** A: assertion, E: key agreement, V: authentication, I: capability invocation, D: capability delegation. */
export type KeyPurpose = 'A' | 'E' | 'V' | 'I' | 'D'

/** One key of a did:peer:2, as the text has it. */
export interface KeyElement {
  readonly purpose: KeyPurpose
  readonly multikey: string
}

/** What a did:peer says. Nothing of it is accepted as a key yet. */
export interface PeerDid {
  /** The one Ed25519 key, 32 bytes. */
  readonly key: Uint8Array
  /** The X25519 key, 32 bytes, if the text has one. Whoever made the text chose it: check it against `key`. */
  readonly agreementKey: Uint8Array | undefined
  readonly addresses: NodeAddresses
  /** The keys of numalgo 2 in the order of the text, which numbers them; none otherwise. */
  readonly elements: readonly KeyElement[]
}

/** `did:peer:0z6Mk…`. Source: Peer DID Method, "Method 0". */
export function didPeer0Of(key: PublicKey): string {
  return PREFIX_0 + multikeyOf(key)
}

/**
 * `did:peer:2.Vz6Mk….Ez6LS….S…`: the key for authentication (V), the one for sealing (E), and, if there are
 * addresses, one service with abbreviated names. Source: Peer DID Method, "Method 2".
 */
export function didPeer2Of(key: PublicKey, agreementKey: AgreementKey, addresses: NodeAddresses): string {
  const keys = `${PREFIX_2}V${multikeyOf(key)}.E${agreementMultikeyOf(agreementKey)}`
  if (addresses.length === 0) return keys
  const service = JSON.stringify({ t: NODE_SERVICE_TYPE, s: { multiaddrs: addresses } })
  return `${keys}.S${base64url.encode(new TextEncoder().encode(service)).slice(1)}`
}

/**
 * Reads numalgo 0 and numalgo 2. In the latter every Ed25519 key, for whatever purpose, is the same one, there is at most one
 * X25519 key (purpose E), and services of other types are passed over.
 * Rejects MALFORMED, TOO_LARGE (8,192 characters), BAD_KEY for keys of other types or several.
 */
export function parseDidPeer(text: string): Result<PeerDid, Rejection> {
  if (text.length > DID_PEER_CHARS_MAX) {
    return reject('TOO_LARGE', `a did:peer has at most ${DID_PEER_CHARS_MAX} characters`)
  }
  if (text.startsWith(PREFIX_0)) return parseInceptionKey(text.slice(PREFIX_0.length))
  if (text.startsWith(PREFIX_2)) return parseElements(text.slice(PREFIX_2.length).split('.'))
  return reject('MALFORMED', 'a did:peer is of numalgo 0 or 2')
}

function parseInceptionKey(text: string): Result<PeerDid, Rejection> {
  const multikey = parseMultikey(text)
  if (!multikey.ok) return multikey
  if (multikey.value.kind !== 'ed25519') return reject('BAD_KEY', 'an identity is an Ed25519 key')
  return ok({ key: multikey.value.bytes, agreementKey: undefined, addresses: NO_ADDRESSES, elements: [] })
}

function parseElements(elements: readonly string[]): Result<PeerDid, Rejection> {
  const keys: PurposedKey[] = []
  const texts: unknown[] = []
  for (const element of elements) {
    if (element.startsWith('S')) {
      const listed = addressesIn(element.slice(1))
      if (!listed.ok) return listed
      texts.push(...listed.value)
    } else {
      const key = parseKeyElement(element)
      if (!key.ok) return key
      keys.push(key.value)
    }
  }
  const addresses = parseAddresses(texts)
  return addresses.ok ? assembled(keys, addresses.value) : addresses
}

interface PurposedKey extends KeyElement, Multikey {}

function parseKeyElement(element: string): Result<PurposedKey, Rejection> {
  const purpose = element.slice(0, 1)
  if (!isPurpose(purpose))
    return reject('MALFORMED', 'an element of a did:peer:2 starts with A, E, V, I, D or S')
  const key = parseMultikey(element.slice(1))
  return key.ok ? ok({ purpose, multikey: element.slice(1), ...key.value }) : key
}

function isPurpose(text: string): text is KeyPurpose {
  return /^[AEVID]$/.test(text)
}

function assembled(keys: readonly PurposedKey[], addresses: NodeAddresses): Result<PeerDid, Rejection> {
  const first = keys.find((key) => key.purpose === 'V')
  if (first === undefined) return reject('MALFORMED', 'a did:peer:2 has a key for authentication (V)')
  const agreement = keys.filter((key) => key.purpose === 'E')
  if (agreement.length > 1) return reject('BAD_KEY', 'an identity has at most one key for agreement (E)')
  for (const key of keys) {
    if (key.kind !== (key.purpose === 'E' ? 'x25519' : 'ed25519')) {
      return reject('BAD_KEY', 'a key for agreement (E) is of X25519, every other of Ed25519')
    }
    if (key.kind === 'ed25519' && !equalBytes(key.bytes, first.bytes)) {
      return reject('BAD_KEY', 'an identity has one Ed25519 key')
    }
  }
  const elements = keys.map(({ purpose, multikey }) => ({ purpose, multikey }))
  return ok({ key: first.bytes, agreementKey: agreement[0]?.bytes, addresses, elements })
}

/** What a service element lists if it is a node's; nothing if it is of another type. */
function addressesIn(text: string): Result<readonly unknown[], Rejection> {
  const service = decodedService(text)
  if (!service.ok) return service
  const { t, type = t, s, serviceEndpoint = s } = service.value
  if (type !== NODE_SERVICE_TYPE) return ok([])
  const multiaddrs = isRecord(serviceEndpoint) ? serviceEndpoint['multiaddrs'] : undefined
  return Array.isArray(multiaddrs)
    ? ok(multiaddrs)
    : reject('MALFORMED', `a ${NODE_SERVICE_TYPE} has a list of multiaddrs`)
}

function decodedService(text: string): Result<Readonly<Record<string, unknown>>, Rejection> {
  const refused = reject('MALFORMED', 'a service is a JSON object in base64url without padding')
  // The library drops padding; a DID has no character for it.
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return refused
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(`u${text}`))
    const service: unknown = JSON.parse(json)
    return isRecord(service) ? ok(service) : refused
  } catch {
    // Each of the three decoders reports bad input by throwing.
    return refused
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
