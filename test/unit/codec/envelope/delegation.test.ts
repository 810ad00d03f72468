import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import {
  decodeDelegation,
  encodeDelegation,
  signDelegation,
  verifyDelegation,
} from '../../../../src/codec/envelope/delegation.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { NET, OTHER_NET } from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const agent = testSigner(1)
const node = testSigner(2)
const keys = acceptedKeys(nodeCrypto)
const BODY = { v: 1, agent: agent.did, node: node.did, from: 10, until: 20 } as const
const signed = signDelegation(nodeCrypto, NET, agent.secret, BODY)

describe('a signing delegation (protocol.md, "Envelope")', () => {
  it('travels as { body, s } and is verified by the agent’s key', () => {
    const decoded = decodeDelegation(encodeDelegation(signed))
    expect(decoded).toEqual({ ok: true, value: signed })
    expect(decoded.ok && verifyDelegation(nodeCrypto.verify, keys, NET, decoded.value)).toEqual({
      ok: true,
      value: BODY,
    })
  })

  it('is worth nothing when the node signed it, in another network, or for another term', () => {
    const wrong = [
      [NET, signDelegation(nodeCrypto, NET, node.secret, BODY)],
      [OTHER_NET, signed],
      [NET, { ...signed, body: { ...BODY, until: 21 } }],
    ] as const
    for (const [net, delegation] of wrong) {
      const verdict = verifyDelegation(nodeCrypto.verify, keys, net, delegation)
      expect(verdict).toMatchObject({ error: { code: 'BAD_SIGNATURE' } })
    }
  })

  it('any flipped byte is refused', () => {
    const bytes = encodeDelegation(signed)
    for (const [at, byte] of bytes.entries()) {
      const decoded = decodeDelegation(bytes.with(at, byte ^ (1 + (at % 255))))
      const verdict = decoded.ok ? verifyDelegation(nodeCrypto.verify, keys, NET, decoded.value) : decoded
      expect(verdict).toMatchObject({ ok: false, error: { code: expect.any(String) } })
    }
  })

  it.each<[string, Ipld, string]>([
    ['an empty term', { body: { ...BODY, until: 10 }, s: signed.s }, 'body.until'],
    ['a node that is the agent', { body: { ...BODY, node: agent.did }, s: signed.s }, 'body.node'],
    ['no signature', { body: BODY }, 's'],
    ['a short one', { body: BODY, s: signed.s.subarray(1) }, 's'],
  ])('%s: MALFORMED', (_what, value, field) => {
    expect(decodeDelegation(encodeDagCbor(value))).toMatchObject({ error: { code: 'MALFORMED', field } })
  })

  it('is never signed by us with an empty term', () => {
    expect(() => signDelegation(nodeCrypto, NET, agent.secret, { ...BODY, until: 10 })).toThrow('form')
  })
})
