import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agreementKeyOf } from '../../../../src/adapters/crypto/agreement-keys.ts'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { didDocument } from '../../../../src/codec/did/did-document.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { didPeer0Of, didPeer2Of } from '../../../../src/codec/did/did-peer.ts'
import { agreementMultikeyOf, multikeyOf } from '../../../../src/codec/did/multikey.ts'
import { NO_ADDRESSES, type NodeAddresses, parseAddresses } from '../../../../src/codec/did/node-addresses.ts'
import { resolveDid } from '../../../../src/codec/did/resolve-did.ts'
import type { AgreementKey, PublicKey, SecretKey } from '../../../../src/model/ids.ts'

const rules = { ...nodeCrypto, agreementKeyOf }

/** w3c-ccg/did-method-key, test-vectors/ed25519-x25519.json: the seed's last byte, both multikeys. */
const MULTIKEY_VECTORS = [
  [0, 'z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp', 'z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW'],
  [1, 'z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG', 'z6LSrHyXiPBhUbvPUtyUCdf32sniiMGPTAesgHrtEa4FePtr'],
  [2, 'z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf', 'z6LSkkqoZRC34AEpbkhZCqLDcHQVAxuLpQ7kC8XCXMVUfvjE'],
  [3, 'z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ', 'z6LSiUo6AEDat8Ze4nQzDo67SGuHLLwsUGkxndHGUjsywHow'],
  [4, 'z6MkwW6aqMnjgrhJXFUko3NnZPGzVpkNzhYK7yEhnsibmLwL', 'z6LSrGb3qm4xMCEBjvwkLb2WEcXfTM94Tu1RyGCbT5wbg8i9'],
] as const

const ADDRESSES = addresses(['/ip4/192.0.2.1/tcp/4001', '/dns4/node.example/tcp/4001'])

describe('resolving, offline', () => {
  it('gives one key and one did:key for every form of it', () => {
    const { key, agreementKey } = pair(7)
    const texts = [didOfKey(key), didPeer0Of(key), didPeer2Of(key, agreementKey, ADDRESSES)]
    for (const text of texts) {
      expect(resolved(text)).toMatchObject({ id: text, did: didOfKey(key), key, agreementKey })
    }
    expect(texts.map((text) => resolved(text).addresses)).toEqual([[], [], ADDRESSES])
  })

  it.each(MULTIKEY_VECTORS)(
    'derives the X25519 key of the published vectors: seed …%i',
    (last, signing, agreement) => {
      const seed = new Uint8Array(32)
      seed[31] = last
      const { key, agreementKey } = resolved(didOfKey(nodeCrypto.publicKeyOf(seed as SecretKey)))
      expect(multikeyOf(key)).toBe(signing)
      expect(agreementKey && agreementMultikeyOf(agreementKey)).toBe(agreement)
    },
  )

  it('takes the did:peer:0 that its specification gives as the equal of a did:key', () => {
    const multikey = 'z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
    const peer = resolved(`did:peer:0${multikey}`)
    expect(peer.did).toBe(`did:key:${multikey}`)
    expect(peer.agreementKey && agreementMultikeyOf(peer.agreementKey)).toBe(
      'z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
    )
  })

  it('carries any list of addresses through a did:peer:2', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', 'z', '0', '9', '.', ':', '-', '_', '='),
      minLength: 1,
      maxLength: 20,
    })
    const list = fc.array(fc.array(part, { minLength: 1, maxLength: 6 }), { maxLength: 16 })
    fc.assert(
      fc.property(list, (lists) => {
        const { key, agreementKey } = pair(9)
        const given = addresses(lists.map((parts) => `/${parts.join('/')}`))
        const text = didPeer2Of(key, agreementKey, given)
        expect(text).toMatch(
          /^did:peer:2\.Vz6Mk[1-9A-HJ-NP-Za-km-z]+\.Ez6LS[1-9A-HJ-NP-Za-km-z]+(\.S[\w-]+)?$/,
        )
        expect(resolved(text).addresses).toEqual(given)
      }),
      { numRuns: 50 },
    )
  })

  it('resolves a key with a torsion component to itself, with no key to seal to', () => {
    const mixed = bytes('10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f') as PublicKey
    expect(resolved(didOfKey(mixed))).toMatchObject({ key: mixed, agreementKey: undefined })
    expect(didDocument(resolved(didOfKey(mixed))).keyAgreement).toBeUndefined()
  })
})

describe('resolving refuses', () => {
  const { key, agreementKey } = pair(7)
  const own = `did:peer:2.V${multikeyOf(key)}`

  it("an X25519 key that is not the Ed25519 key's own: the text is not signed", () => {
    const stranger = pair(8)
    expect(refusal(didPeer2Of(key, stranger.agreementKey, ADDRESSES))).toBe('BAD_KEY')
  })

  it('a second Ed25519 key, whatever its purpose', () => {
    for (const purpose of 'AVID') {
      expect(refusal(`${own}.${purpose}${multikeyOf(pair(8).key)}`)).toBe('BAD_KEY')
      expect(refusal(`${own}.${purpose}${multikeyOf(key)}`)).toBe('ok')
    }
  })

  it('a key of the wrong type for its purpose, and a second one for agreement', () => {
    const agreement = agreementMultikeyOf(agreementKey)
    expect(refusal(`${own}.E${multikeyOf(key)}`)).toBe('BAD_KEY')
    expect(refusal(`${own}.A${agreement}`)).toBe('BAD_KEY')
    expect(refusal(`${own}.E${agreement}.E${agreement}`)).toBe('BAD_KEY')
  })

  it('a key that is not acceptable, in every form', () => {
    const small = new Uint8Array(32) as PublicKey
    for (const text of [didOfKey(small), didPeer0Of(small), didPeer2Of(small, agreementKey, NO_ADDRESSES)]) {
      expect(refusal(text)).toBe('BAD_KEY')
    }
  })

  it.each([
    ['', 'MALFORMED'],
    ['did:example:123', 'MALFORMED'],
    ['did:peer:1zQmZMygzYqNwU6Uhmewx5Xepf2VLp5S4HLSwwgf2aiKZuwa', 'MALFORMED'],
    ['did:peer:2', 'MALFORMED'],
    ['did:peer:2.', 'MALFORMED'],
    [`did:peer:2.E${agreementMultikeyOf(agreementKey)}`, 'MALFORMED'],
    [`${own}.`, 'MALFORMED'],
    [`${own}.X${multikeyOf(key)}`, 'MALFORMED'],
    [`${own}.S`, 'MALFORMED'],
    [`${own}.S${encoded('[]')}`, 'MALFORMED'],
    [`${own}.S${encoded('{')}`, 'MALFORMED'],
    [`${own}.S${encoded('{"t":"CanSwarmNode"}')}`, 'MALFORMED'],
    [`${own}.S${encoded('{"t":"CanSwarmNode","s":{"multiaddrs":["ip4"]}}')}`, 'MALFORMED'],
    [`${own}.S${encoded('{"t":"CanSwarmNode","s":{"multiaddrs":[1]}}')}`, 'MALFORMED'],
    [`${own}.S${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`, 'MALFORMED'],
    [`${own}.S${encoded('{}')}=`, 'MALFORMED'],
    [`did:peer:0${multikeyOf(key)}.S${encoded('{}')}`, 'MALFORMED'],
    [`did:peer:0${agreementMultikeyOf(agreementKey)}`, 'BAD_KEY'],
    [`${own}.S${'A'.repeat(8192)}`, 'TOO_LARGE'],
  ])('%s with %s', (text, expected) => {
    expect(refusal(text)).toBe(expected)
  })

  it('more addresses, or longer ones, than a node has', () => {
    const many = Array.from({ length: 17 }, (_, port) => `/ip4/192.0.2.1/tcp/${port}`)
    expect(parseAddresses(many)).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(parseAddresses([`/${'a'.repeat(256)}`])).toMatchObject({ error: { code: 'TOO_LARGE' } })
    const service = JSON.stringify({ t: 'CanSwarmNode', s: { multiaddrs: many } })
    expect(refusal(`${own}.S${encoded(service)}`)).toBe('TOO_LARGE')
  })

  it('nothing for services of other types, and takes long names for short', () => {
    const didcomm = encoded('{"t":"dm","s":{"uri":"https://example.com","a":["didcomm/v2"]}}')
    const node = encoded('{"type":"CanSwarmNode","serviceEndpoint":{"multiaddrs":["/ip4/192.0.2.1"]}}')
    expect(resolved(`${own}.S${didcomm}.S${node}`).addresses).toEqual(['/ip4/192.0.2.1'])
  })
})

describe('a DID document', () => {
  const { key, agreementKey } = pair(7)
  const did = didOfKey(key)

  it('of a did:key has its key for every relation and its X25519 key for agreement', () => {
    const signing = `${did}#${multikeyOf(key)}`
    const agreement = `${did}#${agreementMultikeyOf(agreementKey)}`
    expect(didDocument(resolved(did))).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      alsoKnownAs: [didPeer0Of(key)],
      verificationMethod: [
        { id: signing, type: 'Multikey', controller: did, publicKeyMultibase: multikeyOf(key) },
        {
          id: agreement,
          type: 'Multikey',
          controller: did,
          publicKeyMultibase: agreementMultikeyOf(agreementKey),
        },
      ],
      authentication: [signing],
      assertionMethod: [signing],
      capabilityInvocation: [signing],
      capabilityDelegation: [signing],
      keyAgreement: [agreement],
    })
  })

  it("lists a node's addresses as a service", () => {
    expect(didDocument(resolved(did), ADDRESSES).service).toEqual([
      { id: `${did}#node`, type: 'CanSwarmNode', serviceEndpoint: { multiaddrs: ADDRESSES } },
    ])
  })

  it('of a did:peer:2 numbers the keys in the order of the text and has their relations alone', () => {
    const text = `did:peer:2.E${agreementMultikeyOf(agreementKey)}.V${multikeyOf(key)}.D${multikeyOf(key)}`
    const document = didDocument(resolved(text), ADDRESSES)
    expect(document).toMatchObject({
      id: text,
      alsoKnownAs: [did],
      keyAgreement: ['#key-1'],
      authentication: ['#key-2'],
      capabilityDelegation: ['#key-3'],
      service: [{ id: '#service' }],
    })
    expect(document.assertionMethod).toBeUndefined()
    expect(document.verificationMethod.map((method) => [method.id, method.publicKeyMultibase])).toEqual([
      ['#key-1', agreementMultikeyOf(agreementKey)],
      ['#key-2', multikeyOf(key)],
      ['#key-3', multikeyOf(key)],
    ])
  })

  it('is the same text whatever the order in which the addresses were given', () => {
    const list = ['/ip4/192.0.2.1/tcp/1', '/dns4/a.example/tcp/1', '/ip4/192.0.2.1/tcp/1', '/ip6/::1/tcp/1']
    const text = JSON.stringify(didDocument(resolved(did), addresses(list)))
    expect(JSON.stringify(didDocument(resolved(did), addresses(list.toReversed())))).toBe(text)
    expect(text.match(/192\.0\.2\.1/g)).toHaveLength(1)
  })
})

function pair(fill: number): { readonly key: PublicKey; readonly agreementKey: AgreementKey } {
  const key = nodeCrypto.publicKeyOf(new Uint8Array(32).fill(fill) as SecretKey)
  const agreementKey = agreementKeyOf(key)
  if (!agreementKey.ok) throw new Error(agreementKey.error.message)
  return { key, agreementKey: agreementKey.value }
}

function resolved(text: string) {
  const outcome = resolveDid(text, rules)
  if (!outcome.ok) throw new Error(`${text}: ${outcome.error.message}`)
  return outcome.value
}

function refusal(text: string): string {
  const outcome = resolveDid(text, rules)
  return outcome.ok ? 'ok' : outcome.error.code
}

function addresses(texts: readonly string[]): NodeAddresses {
  const parsed = parseAddresses(texts)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

function encoded(json: string): string {
  return Buffer.from(json).toString('base64url')
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
