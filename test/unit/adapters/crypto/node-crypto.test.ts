import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'

/** RFC 8032, section 7.1: TEST 1 to 3. */
const RFC_8032 = [
  {
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    secret: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]

describe('native Ed25519', () => {
  it.each(RFC_8032)('signs as RFC 8032 has it, again and again: $message', (vector) => {
    const secret = fromHex(vector.secret) as SecretKey
    const message = fromHex(vector.message)
    expect(hex(nodeCrypto.publicKeyOf(secret))).toBe(vector.key)
    expect(hex(nodeCrypto.sign(secret, message))).toBe(vector.signature)
    expect(hex(nodeCrypto.sign(secret, message))).toBe(vector.signature)
    expect(nodeCrypto.verifyFast(nodeCrypto.publicKeyOf(secret), message, fromHex(vector.signature))).toBe(
      true,
    )
  })

  it('never takes one key for another, however often the arrays are used again', () => {
    const buffer = new Uint8Array(32)
    const seen = new Map<string, string>()
    for (const fill of [1, 2, 1, 3, 2, 1]) {
      buffer.fill(fill)
      const secret = buffer as SecretKey
      const key = nodeCrypto.publicKeyOf(secret)
      const signature = nodeCrypto.sign(secret, new Uint8Array([fill]))
      expect(nodeCrypto.verifyFast(key, new Uint8Array([fill]), signature)).toBe(true)
      expect(seen.get(String(fill)) ?? hex(key)).toBe(hex(key))
      seen.set(String(fill), hex(key))
    }
    expect(new Set(seen.values()).size).toBe(3)
  })

  it('returns plain arrays of their own, so that a slice is a copy', () => {
    const secret = new Uint8Array(32).fill(4) as SecretKey
    const results = [
      nodeCrypto.sha256(new Uint8Array(3)),
      nodeCrypto.publicKeyOf(secret),
      nodeCrypto.sign(secret, new Uint8Array(3)),
    ]
    for (const bytes of results) {
      expect(Buffer.isBuffer(bytes)).toBe(false)
      expect(bytes.buffer.byteLength).toBe(bytes.length)
    }
    expect(nodeCrypto.sha256(new Uint8Array(3))).not.toBe(nodeCrypto.sha256(new Uint8Array(3)))
  })
})

describe('native SHA-256', () => {
  it('gives the known answer for "abc", as bytes and as text', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(hex(nodeCrypto.sha256(new TextEncoder().encode('abc')))).toBe(digest)
    expect(nodeCrypto.sha256Hex('abc')).toBe(digest)
  })

  it('gives the same for bytes and for their text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = new TextEncoder().encode(text)
        expect(nodeCrypto.sha256Hex(text)).toBe(hex(nodeCrypto.sha256(bytes)))
        expect(nodeCrypto.sha256Hex(bytes)).toBe(nodeCrypto.sha256Hex(text))
      }),
    )
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
