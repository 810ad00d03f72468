import fc from 'fast-check'
import sodium from 'libsodium-wrappers'
import { beforeAll, describe, expect, it } from 'vitest'
import { agreementKeyOf, agreementSecretOf } from '../../../../src/adapters/crypto/agreement-keys.ts'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import {
  SEAL_BYTES,
  SEALED_MESSAGE_BYTES_MAX,
  sealedBoxes,
} from '../../../../src/adapters/crypto/sealed-box.ts'
import type { PublicKey, SecretKey } from '../../../../src/model/ids.ts'
import { cctvVectors } from '../../../setup/ed25519-vectors.ts'

beforeAll(() => sodium.ready)

const secret = new Uint8Array(32).fill(21) as SecretKey
const recipient = nodeCrypto.publicKeyOf(secret)
const message = new TextEncoder().encode('only for you')

/** Ephemeral secrets that are the same in each run and differ within one. */
function counting() {
  let count = 0
  return {
    bytes(length: number): Uint8Array {
      count += 1
      return nodeCrypto.sha256(Uint8Array.of(count)).slice(0, length)
    },
  }
}

const boxes = sealedBoxes(counting())

function sealed(to: PublicKey, plain: Uint8Array): Uint8Array {
  const box = boxes.seal(to, plain)
  if (!box.ok) throw new Error(box.error.message)
  return box.value
}

function opened(box: Uint8Array, by: SecretKey = secret): Uint8Array | string {
  const plain = boxes.open(by, box)
  return plain.ok ? plain.value : plain.error.code
}

/** libsodium's X25519 keys of the same Ed25519 seed. */
function sodiumKeys(seed: SecretKey) {
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return {
    publicKey: sodium.crypto_sign_ed25519_pk_to_curve25519(publicKey),
    privateKey: sodium.crypto_sign_ed25519_sk_to_curve25519(privateKey),
  }
}

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const messages = fc.uint8Array({ maxLength: 300 })

describe('sealed boxes and libsodium', () => {
  it('have the same X25519 keys for the same seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const theirs = sodiumKeys(seed as SecretKey)
        const ours = agreementKeyOf(nodeCrypto.publicKeyOf(seed as SecretKey))
        expect(ours).toEqual({ ok: true, value: theirs.publicKey })
        expect(agreementSecretOf(seed as SecretKey)).toEqual(theirs.privateKey)
      }),
      { numRuns: 30 },
    )
  })

  it('open the boxes that were sealed here', () => {
    fc.assert(
      fc.property(seeds, messages, (seed, plain) => {
        const theirs = sodiumKeys(seed as SecretKey)
        const box = sealed(nodeCrypto.publicKeyOf(seed as SecretKey), plain)
        expect(box).toHaveLength(plain.length + SEAL_BYTES)
        expect(sodium.crypto_box_seal_open(box, theirs.publicKey, theirs.privateKey)).toEqual(plain)
      }),
      { numRuns: 30 },
    )
  })

  it('seal boxes that open here', () => {
    fc.assert(
      fc.property(seeds, messages, (seed, plain) => {
        const box = sodium.crypto_box_seal(plain, sodiumKeys(seed as SecretKey).publicKey)
        expect(opened(box, seed as SecretKey)).toEqual(plain)
      }),
      { numRuns: 30 },
    )
  })

  it('refuse the same public keys', () => {
    for (const key of new Set(cctvVectors().map((vector) => Buffer.from(vector.key).toString('hex')))) {
      const bytes = new Uint8Array(Buffer.from(key, 'hex')) as PublicKey
      const theirs = attempt(() => sodium.crypto_sign_ed25519_pk_to_curve25519(bytes))
      expect(agreementKeyOf(bytes).ok, key).toBe(theirs !== undefined)
    }
  })
})

describe('a sealed box', () => {
  it('differs each time: its ephemeral key is new', () => {
    expect(sealed(recipient, message)).not.toEqual(sealed(recipient, message))
    expect(opened(sealed(recipient, message))).toEqual(message)
  })

  it('does not open with any byte changed', () => {
    const box = sealed(recipient, message)
    for (let at = 0; at < box.length; at += 1) {
      const altered = box.slice()
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(opened(altered), `byte ${at}`).toBe('MALFORMED')
    }
  }, 60_000)

  it('does not open for somebody else', () => {
    expect(opened(sealed(recipient, message), new Uint8Array(32).fill(22) as SecretKey)).toBe('MALFORMED')
  })

  it('does not open cut short or prolonged', () => {
    const box = sealed(recipient, message)
    for (const length of [0, 31, 32, SEAL_BYTES - 1, SEAL_BYTES, box.length - 1]) {
      expect(opened(box.subarray(0, length)), `${length} bytes`).toBe('MALFORMED')
    }
    expect(opened(new Uint8Array([...box, 0]))).toBe('MALFORMED')
  })

  it('is refused when the shared secret would be zeros, whoever the recipient is', () => {
    // The points of low order on Curve25519 and their forms above p (RFC 7748, section 6.1).
    const lowOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
    ]
    for (const hex of lowOrder) {
      const box = new Uint8Array([...Buffer.from(hex, 'hex'), ...new Uint8Array(40)])
      expect(opened(box), hex).toBe('BAD_KEY')
    }
  })

  it('is not made for a key of small or of mixed order, nor for no key at all', () => {
    const odd = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `02${'00'.repeat(31)}`,
      `ee${'ff'.repeat(30)}7f`,
      '10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f',
    ]
    for (const hex of odd) {
      const key = new Uint8Array(Buffer.from(hex, 'hex')) as PublicKey
      expect(boxes.seal(key, message), hex).toMatchObject({ error: { code: 'BAD_KEY' } })
    }
  })

  it('holds up to its limit and no more, and none longer is opened', () => {
    const most = new Uint8Array(SEALED_MESSAGE_BYTES_MAX)
    const box = sealed(recipient, most)
    expect(opened(box)).toHaveLength(SEALED_MESSAGE_BYTES_MAX)
    expect(boxes.seal(recipient, new Uint8Array(most.length + 1))).toMatchObject({
      error: { code: 'TOO_LARGE' },
    })
    expect(opened(new Uint8Array(box.length + 1))).toBe('TOO_LARGE')
  })

  it('may hold nothing', () => {
    expect(opened(sealed(recipient, new Uint8Array()))).toEqual(new Uint8Array())
  })
})

function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    // libsodium reports a key that it refuses by throwing.
    return undefined
  }
}
