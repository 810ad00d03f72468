import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { sealBody } from '../../../../src/codec/journal/seal.ts'
import { signedBytes, signStatement, verifyStatement } from '../../../../src/codec/signed/statement.ts'
import { SIGNED_TYPES, type SignedTypeName } from '../../../../src/codec/signed/table.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'

const TYPES = Object.keys(SIGNED_TYPES) as SignedTypeName[]
const secret = secretOf(7)
const key = nodeCrypto.publicKeyOf(secret)
const otherKey = nodeCrypto.publicKeyOf(secretOf(8))
const net = network('one')

const SEAL = sealBody({
  node: didOfKey(key),
  segment: 1,
  n: 4,
  chain: 'ab'.repeat(32) as Parameters<typeof sealBody>[0]['chain'],
  ts: '1700000000000000000' as Parameters<typeof sealBody>[0]['ts'],
})

const DELEGATION = { v: 1, agent: didOfKey(key), node: didOfKey(otherKey), from: 5, until: 6 } as const

/** A body of the type's form; types without one take any. */
function bodyOf(type: SignedTypeName): Ipld {
  if (type === 'envelope-batch-root') return new Uint8Array(32).fill(9)
  if (type === 'journal-seal') return SEAL
  return type === 'signing-delegation' ? DELEGATION : { n: 1 }
}

function secretOf(seed: number): SecretKey {
  return new Uint8Array(32).fill(seed) as SecretKey
}

function network(label: string): CID {
  return cidOf(encodeDagCbor(label), nodeCrypto.sha256)
}

function sign(type: SignedTypeName, body: Ipld = bodyOf(type)): Uint8Array {
  return signStatement(nodeCrypto, type, net, secret, body as never)
}

function isSigned(type: SignedTypeName, message: Uint8Array): boolean {
  return nodeCrypto.verify(key, message, sign(type))
}

describe('a signature is good for one type, version, network, key and body (protocol.md, "Signed types")', () => {
  it('lists every type of the specification, in kebab case, without a zero byte', () => {
    // Those of protocol.md, the anchor of a voter's hash chain (consensus.md, "Time and chance"), and a report of evidence.
    expect(TYPES).toHaveLength(19)
    for (const type of TYPES) expect(type).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
  })

  it.each(TYPES)('%s: good for itself', (type) => {
    const verified = verifyStatement(nodeCrypto.verify, type, net, key, bodyOf(type), sign(type))
    expect(verified).toEqual({ ok: true, value: bodyOf(type) })
  })

  it.each(TYPES)('%s: worth nothing as any other type, whatever the body', (type) => {
    for (const other of TYPES) {
      const message = signedBytes(other, net, encodeDagCbor(bodyOf(type)))
      expect(isSigned(type, message), other).toBe(other === type)
    }
  })

  it.each(TYPES)('%s: worth nothing as another version of the type', (type) => {
    const body = encodeDagCbor(bodyOf(type))
    const { version } = SIGNED_TYPES[type]
    const asVersion = (number: number): Uint8Array =>
      Buffer.concat([Buffer.from(`canswarm/${type}/${number}\0`), net.bytes, body])
    expect(isSigned(type, asVersion(version))).toBe(true)
    expect(isSigned(type, asVersion(version + 1))).toBe(false)
  })

  it.each(TYPES)('%s: refused in another network, under another key, over another body', (type) => {
    const body = bodyOf(type)
    const signature = sign(type)
    const verdicts = [
      verifyStatement(nodeCrypto.verify, type, network('two'), key, body, signature),
      verifyStatement(nodeCrypto.verify, type, net, otherKey, body, signature),
      verifyStatement(nodeCrypto.verify, 'capsule', net, key, { n: 2 }, sign('capsule')),
    ]
    for (const verdict of verdicts) expect(verdict).toMatchObject({ error: { code: 'BAD_SIGNATURE' } })
  })

  it('gives different bytes for any two different statements', () => {
    const statement = fc.record({
      type: fc.constantFrom(...TYPES),
      net: fc.string({ maxLength: 4 }),
      body: fc.uint8Array({ maxLength: 40 }),
    })
    fc.assert(
      fc.property(statement, statement, (a, b) => {
        const same = a.type === b.type && a.net === b.net && Buffer.compare(a.body, b.body) === 0
        const [left, right] = [a, b].map((one) => signedBytes(one.type, network(one.net), one.body))
        expect(Buffer.compare(left as Uint8Array, right as Uint8Array) === 0).toBe(same)
      }),
    )
  })

  it('refuses a signature that is cut short, lengthened or empty, without a throw', () => {
    const signature = sign('capsule')
    for (const wrong of [signature.subarray(1), Buffer.concat([signature, signature]), new Uint8Array()]) {
      const verdict = verifyStatement(nodeCrypto.verify, 'capsule', net, key, bodyOf('capsule'), wrong)
      expect(verdict).toMatchObject({ error: { code: 'BAD_SIGNATURE' } })
    }
  })
})

describe('a body whose form is fixed is refused in any other form, before its signature is looked at', () => {
  const { ts: _ts, ...withoutTime } = SEAL
  it.each<[SignedTypeName, Ipld, string]>([
    ['envelope-batch-root', new Uint8Array(31), 'body'],
    ['envelope-batch-root', { root: new Uint8Array(32) }, 'body'],
    ['signing-delegation', { ...DELEGATION, until: DELEGATION.from }, 'body.until'],
    ['signing-delegation', { ...DELEGATION, node: DELEGATION.agent }, 'body.node'],
    ['signing-delegation', { ...DELEGATION, v: 2 }, 'body.v'],
    ['signing-delegation', { ...DELEGATION, more: 1 }, 'body.more'],
    ['journal-seal', { ...SEAL, chain: new Uint8Array(33) }, 'body.chain'],
    ['journal-seal', withoutTime, 'body.ts'],
  ])('%s %#', (type, body, field) => {
    const never = (): boolean => {
      throw new Error('a signature was checked')
    }
    const verdict = verifyStatement(never, type, net, key, body, new Uint8Array(64))
    expect(verdict).toMatchObject({ error: { code: 'MALFORMED', field } })
  })

  it('is never signed by us in another form', () => {
    expect(() => sign('signing-delegation', { ...DELEGATION, until: 0 })).toThrow('has its form')
  })

  it('names a network by the CID of dag-cbor alone, so that the body begins at one place', () => {
    const raw = cidOf(new Uint8Array(), nodeCrypto.sha256, 0x55)
    expect(() => signedBytes('capsule', raw, new Uint8Array())).toThrow('genesis')
  })
})
