import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { draftBody, encodeBody, policyInput } from '../../../../src/codec/envelope/draft-body.ts'
import { policyDigest } from '../../../../src/codec/envelope/policy-digest.ts'
import { readBody } from '../../../../src/codec/envelope/read-body.ts'
import { NET, sha256, testBody } from '../../../setup/arbitrary-envelope.ts'

const ids = Array.from({ length: 9 }, (_, n) => envelopeIdOf(cidOf(encodeDagCbor(n), sha256)))

describe('a body of ours', () => {
  it('has prev in the order of the bytes of its ids, whatever the order it is given in', () => {
    fc.assert(
      fc.property(testBody(), fc.shuffledSubarray(ids, { minLength: 1, maxLength: 8 }), ({ parts }, prev) => {
        const hex = draftBody({ ...parts, prev }).prev.map((cid) => cid.bytes.toHex())
        expect(hex).toEqual(hex.toSorted())
        expect(hex).toHaveLength(prev.length)
      }),
      { numRuns: 60 },
    )
  })

  it('never has more than 8 of them, or one twice', () => {
    fc.assert(
      fc.property(testBody(), ({ parts }) => {
        expect(() => draftBody({ ...parts, prev: ids })).toThrow('8')
        expect(() => draftBody({ ...parts, prev: [...ids.slice(0, 2), ...ids.slice(1, 2)] })).toThrow('twice')
      }),
      { numRuns: 10 },
    )
  })

  it('the policy reads all of it but the digest, before and after it is encoded (policy.md)', () => {
    fc.assert(
      fc.property(testBody(), ({ parts, bytes }) => {
        const read = readBody(bytes, { net: NET, sha256 })
        if (!read.ok) throw new Error(read.error.message)
        const { digest, ...rest } = read.value.body
        expect(policyInput(read.value.body)).toEqual(rest)
        expect(policyInput(draftBody(parts))).toEqual(rest)
        expect(encodeBody(draftBody(parts), digest)).toEqual(bytes)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the policy digest (policy.md)', () => {
  it('is the SHA-256 of a dag-cbor list, and differs by input, decision and engine', () => {
    const [a, b] = ['a', 'b'].map((text) => cidOf(encodeDagCbor(text), sha256)) as [typeof NET, typeof NET]
    const engine = new Uint8Array(32).fill(1)
    const list = ['canswarm/policy-digest/1', a, b, engine]
    expect(policyDigest(a, b, engine, sha256)).toEqual(sha256(encodeDagCbor(list)))
    const all = [
      policyDigest(a, b, engine, sha256),
      policyDigest(b, b, engine, sha256),
      policyDigest(a, a, engine, sha256),
      policyDigest(a, b, new Uint8Array(32), sha256),
    ]
    expect(new Set(all.map((digest) => digest.toHex())).size).toBe(all.length)
  })
})
