import { didPeer0Of, type KeyPurpose, NODE_SERVICE_TYPE } from './did-peer.ts'
import { agreementMultikeyOf, multikeyOf } from './multikey.ts'
import type { NodeAddresses } from './node-addresses.ts'
import type { ResolvedDid } from './resolve-did.ts'

export interface VerificationMethod {
  readonly id: string
  readonly type: 'Multikey'
  readonly controller: string
  readonly publicKeyMultibase: string
}

export interface NodeService {
  readonly id: string
  readonly type: typeof NODE_SERVICE_TYPE
  readonly serviceEndpoint: { readonly multiaddrs: readonly string[] }
}

/** A W3C DID document. Members are written in one order, so that `JSON.stringify` gives the same text each time. */
export interface DidDocument {
  readonly '@context': readonly string[]
  readonly id: string
  readonly alsoKnownAs: readonly string[]
  readonly verificationMethod: readonly VerificationMethod[]
  readonly authentication: readonly string[]
  readonly assertionMethod?: readonly string[]
  readonly capabilityInvocation?: readonly string[]
  readonly capabilityDelegation?: readonly string[]
  readonly keyAgreement?: readonly string[]
  readonly service?: readonly NodeService[]
}

/**
 * The document of a resolved DID. A did:key and a did:peer:0 have their one key for every relation and its X25519 key for
 * agreement; a did:peer:2 has the relations that its text gives. With addresses there is a service that lists them.
 * Source: W3C DID Core 1.0, section 5; did:key, "Document Creation Algorithm"; Peer DID Method, "Resolving a did:peer:2".
 */
export function didDocument(
  resolved: ResolvedDid,
  addresses: NodeAddresses = resolved.addresses,
): DidDocument {
  const numbered = resolved.elements.length > 0
  const serviceId = numbered ? '#service' : `${resolved.id}#node`
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: resolved.id,
    alsoKnownAs: [resolved.id === resolved.did ? didPeer0Of(resolved.key) : resolved.did],
    ...(numbered ? numberedKeys(resolved) : namedKeys(resolved)),
    ...(addresses.length === 0 ? {} : { service: [nodeService(serviceId, addresses)] }),
  }
}

type Keys = Omit<DidDocument, '@context' | 'id' | 'alsoKnownAs' | 'service'>

/** Keys are named by themselves: `<did>#z6Mk…`. */
function namedKeys({ id, key, agreementKey }: ResolvedDid): Keys {
  const signing = method(`${id}#${multikeyOf(key)}`, id, multikeyOf(key))
  const relations = {
    authentication: [signing.id],
    assertionMethod: [signing.id],
    capabilityInvocation: [signing.id],
    capabilityDelegation: [signing.id],
  }
  if (agreementKey === undefined) return { verificationMethod: [signing], ...relations }
  const text = agreementMultikeyOf(agreementKey)
  const agreement = method(`${id}#${text}`, id, text)
  return { verificationMethod: [signing, agreement], ...relations, keyAgreement: [agreement.id] }
}

const RELATIONS = [
  ['V', 'authentication'],
  ['A', 'assertionMethod'],
  ['I', 'capabilityInvocation'],
  ['D', 'capabilityDelegation'],
  ['E', 'keyAgreement'],
] as const satisfies readonly (readonly [KeyPurpose, keyof DidDocument])[]

/** Keys are numbered as the text lists them: `#key-1`, `#key-2`, … */
function numberedKeys({ id, elements }: ResolvedDid): Keys {
  const listed = elements.map((element, at) => ({ ...element, id: `#key-${at + 1}` }))
  const relations = RELATIONS.map(
    ([purpose, relation]) =>
      [relation, listed.filter((key) => key.purpose === purpose).map((key) => key.id)] as const,
  )
  return {
    verificationMethod: listed.map((key) => method(key.id, id, key.multikey)),
    authentication: [],
    ...Object.fromEntries(relations.filter(([, ids]) => ids.length > 0)),
  }
}

function method(id: string, controller: string, publicKeyMultibase: string): VerificationMethod {
  return { id, type: 'Multikey', controller, publicKeyMultibase }
}

function nodeService(id: string, addresses: NodeAddresses): NodeService {
  return { id, type: NODE_SERVICE_TYPE, serviceEndpoint: { multiaddrs: addresses } }
}
