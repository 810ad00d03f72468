import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { encodeBody } from '../../../../src/codec/envelope/draft-body.ts'
import { policyInputOf } from '../../../../src/codec/envelope/policy-input.ts'
import { readBody } from '../../../../src/codec/envelope/read-body.ts'
import { KINDS } from '../../../../src/codec/payload/verbs.ts'
import { NET, sha256, testBody } from '../../../setup/arbitrary-envelope.ts'
import { usualDraft } from '../../../setup/policy-bodies.ts'

describe('the input of a policy (policy.md)', () => {
  it('is the body without its digest, with both sizes and, in a bucket, the slot', () => {
    fc.assert(
      fc.property(testBody(), fc.nat(), ({ bytes }, slot) => {
        const read = readBody(bytes, { net: NET, sha256 })
        if (!read.ok) throw new Error(read.error.message)
        const { digest: _, ...rest } = read.value.body
        const sizes = { size: bytes.length, payload_size: encodeDagCbor(rest.payload).length }
        expect(policyInputOf(bytes)).toEqual(encodeDagCbor({ ...rest, ...sizes }))
        expect(policyInputOf(bytes, slot)).toEqual(encodeDagCbor({ ...rest, ...sizes, slot }))
      }),
      { numRuns: 100 },
    )
  })

  it.each(KINDS)('of a %s does not depend on the digest', (kind) => {
    const [one, other] = [1, 2].map((byte) => encodeBody(usualDraft(kind), new Uint8Array(32).fill(byte)))
    expect(policyInputOf(one as Uint8Array)).toEqual(policyInputOf(other as Uint8Array))
  })

  it('is not made of what is no body, or of half a slot', () => {
    const body = encodeBody(usualDraft('NEED'), new Uint8Array(32))
    expect(() => policyInputOf(body, 0.5)).toThrow('safe integer')
    expect(() => policyInputOf(encodeDagCbor({ v: 1, kind: 'NEED' }))).toThrow('a body has its fields')
  })
})
