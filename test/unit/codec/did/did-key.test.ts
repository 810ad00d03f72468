import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { didOfKey, keyOfDid, parseDid } from '../../../../src/codec/did/did-key.ts'
import { keyOfPeerId, peerIdOfKey } from '../../../../src/codec/did/peer-id.ts'
import type { Did, PublicKey, SecretKey } from '../../../../src/model/ids.ts'

/** w3c-ccg/did-method-key, test-vectors/ed25519-x25519.json: the seed's last byte and the DID. */
const DID_KEY_VECTORS = [
  [0, 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'],
  [1, 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG'],
  [2, 'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf'],
  [3, 'did:key:z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ'],
  [4, 'did:key:z6MkwW6aqMnjgrhJXFUko3NnZPGzVpkNzhYK7yEhnsibmLwL'],
] as const

/** The example of the did:key specification. */
const SPEC_DID = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

function seedEnding(last: number): SecretKey {
  const seed = new Uint8Array(32)
  seed[31] = last
  return seed as SecretKey
}

function code(result: { readonly ok: boolean; readonly error?: { readonly code: string } }): string {
  return result.ok ? 'ok' : (result.error?.code ?? '')
}

describe('a DID is the did:key of an Ed25519 key', () => {
  it.each(DID_KEY_VECTORS)('as the published vectors have it: seed …%i', (last, did) => {
    const key = nodeCrypto.publicKeyOf(seedEnding(last))
    expect(didOfKey(key)).toBe(did)
    expect(keyOfDid(did as Did)).toEqual({ ok: true, value: key })
  })

  it('and the specification own example parses and comes back', () => {
    expect(parseDid(SPEC_DID)).toEqual({ ok: true, value: SPEC_DID })
    const key = keyOfDid(SPEC_DID as Did)
    expect(key.ok && didOfKey(key.value as PublicKey)).toBe(SPEC_DID)
  })

  it('for any 32 bytes there and back', () => {
    fc.assert(
      fc.property(key32, (bytes) => {
        const did = didOfKey(bytes as PublicKey)
        expect(did).toHaveLength(56)
        expect(keyOfDid(did)).toEqual({ ok: true, value: bytes })
      }),
    )
  })

  it('in one text only: what parses is what the key gives back', () => {
    const near = fc.tuple(key32, fc.nat({ max: 60 }), fc.constantFrom('', '1', 'z', ' ', 'M', '0', 'é', '#'))
    fc.assert(
      fc.property(near, ([bytes, at, insert]) => {
        const did = didOfKey(bytes as PublicKey)
        const text = did.slice(0, at) + insert + did.slice(at + 1)
        const parsed = parseDid(text)
        if (!parsed.ok) return
        const key = keyOfDid(parsed.value)
        expect(key.ok && didOfKey(key.value as PublicKey)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['', 'MALFORMED'],
    ['did:key:', 'MALFORMED'],
    ['did:key:z', 'MALFORMED'],
    ['did:web:example.org', 'MALFORMED'],
    [` ${SPEC_DID}`, 'MALFORMED'],
    [`${SPEC_DID} `, 'MALFORMED'],
    [SPEC_DID.toUpperCase(), 'MALFORMED'],
    [`${SPEC_DID}#${SPEC_DID.slice(8)}`, 'MALFORMED'],
    [SPEC_DID.replace('z6Mk', 'm6Mk'), 'MALFORMED'],
    [SPEC_DID.replace('z6Mk', 'z06k'), 'MALFORMED'],
    [SPEC_DID.replace('z6Mk', 'z16Mk'), 'BAD_KEY'],
    [SPEC_DID.slice(0, -1), 'BAD_KEY'],
    [`${SPEC_DID}1`, 'BAD_KEY'],
    // X25519, secp256k1 and a text too long to be decoded.
    ['did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F', 'BAD_KEY'],
    ['did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme', 'BAD_KEY'],
    [`did:key:z${'6'.repeat(100_000)}`, 'BAD_KEY'],
  ])('and nothing else: %s is %s', (text, expected) => {
    expect(code(parseDid(text))).toBe(expected)
  })
})

describe('a peer id is the identity multihash of the same key', () => {
  /** The Ed25519 key of the libp2p specification's test vectors. */
  const raw = new Uint8Array(
    Buffer.from('1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e', 'hex'),
  )
  const text = '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq'

  it('as the known answer has it', () => {
    expect(peerIdOfKey(raw as PublicKey)).toBe(text)
    expect(keyOfPeerId(text)).toEqual({ ok: true, value: raw })
  })

  it('for any 32 bytes there and back', () => {
    fc.assert(
      fc.property(key32, (bytes) => {
        expect(keyOfPeerId(peerIdOfKey(bytes as PublicKey))).toEqual({ ok: true, value: bytes })
      }),
    )
  })

  it.each([
    '',
    'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    text.slice(0, -1),
    `${text}1`,
    `1${text}`,
    text.replace('12D3KooW', '12D3KooX'),
    `z${text}`,
    // These begin as an Ed25519 peer id does and hold other bytes before the key.
    `12D3KooW${'1'.repeat(44)}`,
    `12D3KooW${'z'.repeat(44)}`,
  ])('and nothing else: %s', (other) => {
    expect(code(keyOfPeerId(other))).toBe('MALFORMED')
  })
})

describe('a key is accepted once and cached', () => {
  function counted() {
    let asked = 0
    const isAcceptableKey = (bytes: Uint8Array): bytes is PublicKey => {
      asked += 1
      return nodeCrypto.isAcceptableKey(bytes)
    }
    return { isAcceptableKey, asked: () => asked }
  }

  it('whether it came as a DID or as bytes', () => {
    const crypto = counted()
    const keys = acceptedKeys(crypto)
    const key = nodeCrypto.publicKeyOf(seedEnding(1))
    const identity = { did: didOfKey(key), key }
    for (let round = 0; round < 3; round += 1) {
      expect(keys.ofDid(didOfKey(key))).toEqual({ ok: true, value: identity })
      expect(keys.ofBytes(key)).toEqual({ ok: true, value: identity })
    }
    expect(crypto.asked()).toBe(1)
  })

  it('unless it is of small order, not canonical, not on the curve or not 32 bytes', () => {
    const keys = acceptedKeys(nodeCrypto)
    const bad = ['00'.repeat(32), `ee${'ff'.repeat(30)}7f`, `02${'00'.repeat(31)}`]
    for (const hex of bad) {
      const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
      expect(code(keys.ofBytes(bytes))).toBe('BAD_KEY')
      expect(code(keys.ofDid(didOfKey(bytes as PublicKey)))).toBe('BAD_KEY')
    }
    expect(code(keys.ofBytes(new Uint8Array(31)))).toBe('BAD_KEY')
    expect(code(keys.ofDid('did:key:'))).toBe('MALFORMED')
  })

  it('within its bound, and refusals take no place in it', () => {
    const crypto = counted()
    const keys = acceptedKeys(crypto, 2)
    const dids = [1, 2, 3].map((last) => didOfKey(nodeCrypto.publicKeyOf(seedEnding(last))))
    const [first = '', second = '', third = ''] = dids
    const bad = didOfKey(new Uint8Array(32) as PublicKey)
    keys.ofDid(first)
    keys.ofDid(second)
    for (let round = 0; round < 5; round += 1) keys.ofDid(bad)
    const before = crypto.asked()
    keys.ofDid(first)
    expect(crypto.asked()).toBe(before)
    keys.ofDid(third)
    keys.ofDid(first)
    expect(crypto.asked()).toBe(before + 1)
    keys.ofDid(second)
    expect(crypto.asked()).toBe(before + 2)
  })

  it('as a copy: later changes of the bytes that were shown do not reach it', () => {
    const keys = acceptedKeys(nodeCrypto)
    const shown = nodeCrypto.publicKeyOf(seedEnding(2))
    const accepted = keys.ofBytes(shown)
    const did = didOfKey(shown)
    shown.fill(0)
    expect(accepted.ok && didOfKey(accepted.value.key)).toBe(did)
  })
})
