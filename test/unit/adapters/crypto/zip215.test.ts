import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { acceptsZip215, isAcceptablePoint, ZIP215_RULE } from '../../../../src/adapters/crypto/zip215.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import { cctvVectors, speccheckVectors } from '../../../setup/ed25519-vectors.ts'
import { zip215Accepts } from '../../../setup/zip215-reference.ts'

/** Each published case with what native verification, our rule and the reference say of it. */
const published = [...cctvVectors(), ...speccheckVectors()].map((vector) => {
  const { key, message, signature } = vector
  return {
    ...vector,
    native: nodeCrypto.verifyFast(key, message, signature),
    accepted: nodeCrypto.verify(key, message, signature),
    reference: zip215Accepts(key, message, signature),
  }
})
const vectors = published.filter((v) => v.name.startsWith('cctv'))
const speccheck = published.filter((v) => v.name.startsWith('speccheck'))

describe('the rule of signatures is ZIP215', () => {
  it('has a version that the journal records', () => {
    expect(ZIP215_RULE).toBe('zip215/1')
  })

  it('accepts exactly 826 of the 914 published edge cases', () => {
    expect(vectors).toHaveLength(914)
    expect(vectors.filter((v) => v.accepted)).toHaveLength(826)
  })

  it('refuses of those exactly the ones hashed over re-encoded points with a key of large order', () => {
    const wrong = vectors.filter(
      (v) => v.accepted !== (!v.flags.has('reencoded_k') || v.flags.has('low_order_A')),
    )
    expect(wrong.map((v) => v.name)).toEqual([])
  })

  it('judges every published case as an independent implementation does', () => {
    const differing = published.filter((v) => v.accepted !== v.reference)
    expect(differing.map((v) => v.name)).toEqual([])
  })

  it('accepts the speccheck cases but S above L and the hash over the re-encoded R', () => {
    expect(speccheck.filter((v) => !v.accepted).map((v) => v.name)).toEqual([
      'speccheck 6',
      'speccheck 7',
      'speccheck 8',
    ])
  })

  it('refuses, without throwing, what has not the size of a key or of a signature', () => {
    const [v] = published
    if (v === undefined) throw new Error('there are vectors')
    for (const length of [0, 31, 33]) {
      expect(acceptsZip215(resized(v.key, length), v.message, v.signature)).toBe(false)
      expect(nodeCrypto.verify(resized(v.key, length) as typeof v.key, v.message, v.signature)).toBe(false)
    }
    for (const length of [0, 63, 65]) {
      expect(nodeCrypto.verify(v.key, v.message, resized(v.signature, length))).toBe(false)
    }
  })
})

describe('native acceptance is a subset of ZIP215', () => {
  it('over the published cases', () => {
    expect(published.filter((v) => v.native).length).toBeGreaterThan(0)
    expect(published.filter((v) => v.native && !v.reference).map((v) => v.name)).toEqual([])
  })

  it('over odd R in signatures of acceptable keys, the only oddity that reaches native verification', () => {
    const reachable = published.filter((v) => nodeCrypto.isAcceptableKey(v.key))
    expect(reachable.some((v) => v.flags.has('non_canonical_R'))).toBe(true)
    expect(reachable.some((v) => v.flags.has('low_order_R'))).toBe(true)
    expect(reachable.filter((v) => v.native && !v.reference).map((v) => v.name)).toEqual([])
  })

  it('over genuine signatures with anything changed, where both agree with the reference', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom('key', 'r', 's', 's + L', 'message', 'nothing'),
        fc.nat({ max: 255 }),
        (seed, message, part, bit) => {
          const secret = seed as SecretKey
          const key = nodeCrypto.publicKeyOf(secret)
          const signature = nodeCrypto.sign(secret, message)
          const changed = mutated({ key, message, signature }, part, bit)
          const rule = zip215Accepts(changed.key, changed.message, changed.signature)
          expect(acceptsZip215(changed.key, changed.message, changed.signature)).toBe(rule)
          if (nodeCrypto.verifyFast(changed.key as typeof key, changed.message, changed.signature)) {
            expect(rule).toBe(true)
          }
        },
      ),
      { numRuns: 120 },
    )
  })
})

describe('a public key is accepted', () => {
  const genuine = nodeCrypto.publicKeyOf(new Uint8Array(32).fill(5) as SecretKey)

  it('when it was made from a seed', () => {
    expect(nodeCrypto.isAcceptableKey(genuine)).toBe(true)
  })

  it('unless it is not 32 bytes', () => {
    for (const length of [0, 31, 33, 64])
      expect(isAcceptablePoint(new Uint8Array(length).fill(9))).toBe(false)
  })

  it('unless it is of small order, in any of the 14 encodings', () => {
    const small = new Set(vectors.filter((v) => v.flags.has('low_order_A')).map((v) => hex(v.key)))
    expect(small.size).toBe(14)
    for (const key of small) expect(nodeCrypto.isAcceptableKey(fromHex(key)), key).toBe(false)
  })

  it('unless its y is p or more, or x = 0 carries a sign', () => {
    for (let low = 0xed; low <= 0xff; low += 1) {
      const tail = 'ff'.repeat(30)
      for (const top of ['7f', 'ff']) {
        expect(nodeCrypto.isAcceptableKey(fromHex(low.toString(16) + tail + top))).toBe(false)
      }
    }
    expect(nodeCrypto.isAcceptableKey(fromHex(`01${'00'.repeat(30)}80`))).toBe(false)
    expect(nodeCrypto.isAcceptableKey(fromHex(`ec${'ff'.repeat(31)}`))).toBe(false)
  })

  it('unless it is not on the curve', () => {
    expect(nodeCrypto.isAcceptableKey(fromHex(`02${'00'.repeat(31)}`))).toBe(false)
  })

  it('even with a torsion component beside a large order: the rule judges its signatures', () => {
    const mixed = vectors.find((v) => !v.flags.has('low_order_A') && v.flags.has('low_order_component_A'))
    expect(mixed !== undefined && nodeCrypto.isAcceptableKey(mixed.key)).toBe(true)
  })
})

interface Signed {
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

function mutated(signed: Signed, part: string, bit: number): Signed {
  switch (part) {
    case 'key':
      return { ...signed, key: flipped(signed.key, bit) }
    case 'r':
      return { ...signed, signature: flipped(signed.signature, bit) }
    case 's':
      return { ...signed, signature: flipped(signed.signature, 256 + bit) }
    case 's + L':
      return { ...signed, signature: withGroupOrderAdded(signed.signature) }
    case 'message':
      return { ...signed, message: createHash('sha256').update(signed.message).digest() }
    default:
      return signed
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

function withGroupOrderAdded(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${hex(signature.subarray(32).toReversed())}`) + order
  const copy = signature.slice()
  copy.set(fromHex(s.toString(16).padStart(64, '0')).toReversed(), 32)
  return copy
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(0, length))
  return copy
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
