import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CapsuleBundle, decodeBundle, encodeBundle } from '../../../../src/codec/capsule/bundle.ts'
import { type Capsule, decodeCapsule, encodeCapsule } from '../../../../src/codec/capsule/capsule.ts'
import { type ConformanceCase, caseCid } from '../../../../src/codec/capsule/case.ts'
import { parseDecision } from '../../../../src/codec/capsule/decision.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { AUTHOR } from '../../../setup/policies.ts'
import { CAPSULE, sha256 } from '../../../setup/policy-bodies.ts'

const capsule: Capsule = {
  v: 1,
  label: 'a policy',
  policy_engine_hash: new Uint8Array(32).fill(1),
  schema: 1,
  meter: 1,
  gas_limit: 2_000_000,
  conformance: [
    ['a', CAPSULE],
    ['b', CAPSULE],
  ],
  author: AUTHOR.did,
}

const one: ConformanceCase = {
  id: 'a-case',
  input: { kind: 'NEED', prev: [CAPSULE], size: 5 },
  decision: { allow: false, denials: [{ rule: 'x', limit: 3 }] },
  gas: 70_000,
}

const bundle: CapsuleBundle = {
  capsule: encodeCapsule(capsule),
  signature: new Uint8Array(64).fill(2),
  wasm: new Uint8Array([0, 0x61, 0x73, 0x6d]),
  cases: [one],
}

function decoded(change: object) {
  return decodeCapsule(encodeDagCbor({ ...capsule, ...change }))
}

describe('a capsule', () => {
  it('is read as it was written', () => {
    expect(decodeCapsule(encodeCapsule(capsule))).toEqual({ ok: true, value: capsule })
    const { gas_limit: _, ...without } = capsule
    expect(decodeCapsule(encodeCapsule(without))).toEqual({ ok: true, value: without })
  })

  it('has its cases in order, none twice', () => {
    for (const ids of [
      ['b', 'a'],
      ['a', 'a'],
    ]) {
      const conformance = ids.map((id) => [id, CAPSULE])
      expect(decoded({ conformance })).toMatchObject({
        error: { code: 'NOT_CANONICAL', field: 'capsule.conformance' },
      })
    }
  })

  it.each([
    ['another version', { v: 2 }],
    ['no label', { label: '' }],
    ['a hash of 31 bytes', { policy_engine_hash: new Uint8Array(31) }],
    ['no gas', { gas_limit: 0 }],
    ['gas beyond the bound', { gas_limit: 100_000_001 }],
    ['an author that is no did:key', { author: 'did:web:example.org' }],
    ['a case with a name that is none', { conformance: [['A case', CAPSULE]] }],
    ['something more', { more: 1 }],
  ])('with %s is refused', (_, change) => {
    expect(decoded(change)).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('with too much is TOO_LARGE', () => {
    const conformance = Array.from({ length: 1_025 }, (_, n) => [`c${String(n).padStart(5, '0')}`, CAPSULE])
    expect(decoded({ conformance })).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(decodeCapsule(new Uint8Array(131_073))).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })
})

describe('a file of a capsule', () => {
  it('is read as it was written', () => {
    expect(decodeBundle(encodeBundle(bundle))).toEqual({ ok: true, value: bundle })
  })

  it('names in a refusal where it is wrong', () => {
    const wrong = encodeDagCbor({
      v: 1,
      capsule: bundle.capsule,
      signature: bundle.signature,
      wasm: bundle.wasm,
      cases: [{ id: 'a', input: {}, decision: { allow: true, denials: [{ rule: 'x' }] }, gas: 1 }],
    })
    expect(decodeBundle(wrong)).toMatchObject({
      error: { code: 'MALFORMED', field: 'bundle.cases[0].decision' },
    })
  })

  it('whatever the bytes are, it is read or refused', () => {
    const file = encodeBundle(bundle)
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(3), (at, byte, what) => {
        const bytes = what === 0 ? file.slice(0, at) : file.slice()
        if (what !== 0) bytes[at] = byte
        const read = decodeBundle(bytes)
        if (!read.ok) expect(read.error.code).toMatch(/^(?:MALFORMED|NOT_CANONICAL|TOO_LARGE)$/)
        else decodeCapsule(read.value.capsule)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the name of a case', () => {
  it('is another when anything of it is another', () => {
    const names = [
      one,
      { ...one, id: 'another' },
      { ...one, input: { ...one.input, size: 6 } },
      { ...one, gas: 70_001 },
      { ...one, decision: { allow: true, denials: [] } },
      { ...one, decision: { allow: false, denials: [{ rule: 'x', limit: '3' }] } },
    ].map((each) => caseCid(each, sha256).toString())
    expect(new Set(names).size).toBe(names.length)
  })

  it('does not depend on the order in which a policy gave its denials', () => {
    const denials = [{ rule: 'b' }, { rule: 'a', field: 'x' }]
    const [forth, back] = [denials, denials.toReversed()].map((list) => {
      const decision = parseDecision({ allow: false, denials: list }, 'decision')
      return decision.ok && caseCid({ ...one, decision: decision.value }, sha256).toString()
    })
    expect(forth).toBe(back)
  })
})
