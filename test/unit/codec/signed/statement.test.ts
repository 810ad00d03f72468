import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { signedBytes, signStatement, verifyStatement } from '../../../../src/codec/signed/statement.ts'
import { SIGNED_TYPE, type SignedType } from '../../../../src/codec/signed/table.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'

const TYPES = Object.keys(SIGNED_TYPE) as SignedType[]
const secret = new Uint8Array(32).fill(7) as SecretKey
const key = nodeCrypto.publicKeyOf(secret)
const other = nodeCrypto.publicKeyOf(new Uint8Array(32).fill(8) as SecretKey)
const net = network('one')
const body = { n: 1 }
const bytes = encodeDagCbor(body)

function network(label: string): CID {
  return cidOf(encodeDagCbor(label), nodeCrypto.sha256)
}

function holds(type: SignedType, inNet: CID, of: typeof key, what: Uint8Array, signature: Uint8Array): boolean {
  return verifyStatement(nodeCrypto.verify, type, inNet, of, what, signature)
}

describe('a signature is good for one type, version, network, key and body (protocol.md, "Signed types")', () => {
  it('lists every type of the specification, in kebab case', () => {
    expect(TYPES).toHaveLength(17)
    for (const type of TYPES) expect(type).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
  })

  it.each(TYPES)('%s: good for itself, worth nothing as any other type', (type) => {
    const signature = signStatement(nodeCrypto, type, net, secret, body)
    for (const as of TYPES) expect(holds(as, net, key, bytes, signature), as).toBe(as === type)
  })

  it.each(TYPES)('%s: worth nothing in another network, under another key, over another body', (type) => {
    const signature = signStatement(nodeCrypto, type, net, secret, body)
    expect(holds(type, network('two'), key, bytes, signature)).toBe(false)
    expect(holds(type, net, other, bytes, signature)).toBe(false)
    expect(holds(type, net, key, encodeDagCbor({ n: 2 }), signature)).toBe(false)
  })

  it.each(TYPES)('%s: worth nothing as another version of the type', (type) => {
    const version = SIGNED_TYPE[type]
    const prefix = `canswarm/${type}/`
    const message = signedBytes(type, net, bytes)
    expect(Buffer.from(message).toString('latin1').startsWith(`${prefix}${version}\0`)).toBe(true)
    const next = Buffer.concat([Buffer.from(`${prefix}${version + 1}\0`), net.bytes, bytes])
    const signature = signStatement(nodeCrypto, type, net, secret, body)
    expect(nodeCrypto.verify(key, message, signature)).toBe(true)
    expect(nodeCrypto.verify(key, next, signature)).toBe(false)
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
    const signature = signStatement(nodeCrypto, 'capsule', net, secret, body)
    for (const wrong of [signature.subarray(1), Buffer.concat([signature, signature]), new Uint8Array()]) {
      expect(holds('capsule', net, key, bytes, wrong)).toBe(false)
    }
  })
})
