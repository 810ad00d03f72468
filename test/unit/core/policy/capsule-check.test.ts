import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type CapsuleBundle, decodeBundle, encodeBundle } from '../../../../src/codec/capsule/bundle.ts'
import {
  type Capsule,
  capsuleCid,
  decodeCapsule,
  encodeCapsule,
} from '../../../../src/codec/capsule/capsule.ts'
import { type ConformanceCase, caseCid } from '../../../../src/codec/capsule/case.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { checkCapsule, signCapsule } from '../../../../src/core/policy/capsule-check.ts'
import type { Rejection } from '../../../../src/model/rejection.ts'
import { offline } from '../../../../src/node/offline.ts'
import { DEFAULT_POLICY } from '../../../../src/node/policy/files.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import { opaModule } from '../../../setup/opa-module.ts'
import { AUTHOR, bundleOf, STRANGER, TEXT_ONLY, TEXT_ONLY_GAS, unwrapped } from '../../../setup/policies.ts'
import { NET, sha256 } from '../../../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

const context = { crypto: offline.crypto, engine, net: NET, gasMax: 1_000_000 }
const good = bundleOf(engine)

function refusal(bundle: CapsuleBundle, more: object = {}): Rejection | undefined {
  const checked = checkCapsule(bundle, { ...context, ...more })
  return checked.ok ? undefined : checked.error
}

/** The same bundle with another capsule, signed by the right author. */
function resigned(change: Partial<Capsule>, more: Partial<CapsuleBundle> = {}): CapsuleBundle {
  const capsule = encodeCapsule({ ...unwrapped(decodeCapsule(good.capsule)), ...change })
  return { ...good, ...more, capsule, signature: signCapsule(offline.crypto, NET, AUTHOR.secret, capsule) }
}

/** The same bundle with one case changed, in the vector too. */
function withCase(change: (one: ConformanceCase) => ConformanceCase): CapsuleBundle {
  const [first, ...rest] = good.cases as [ConformanceCase, ...ConformanceCase[]]
  const cases = [change(first), ...rest]
  const conformance = cases.map((one) => [one.id, caseCid(one, sha256)] as const)
  return resigned({ conformance: conformance.sort(([a], [b]) => (a < b ? -1 : 1)) }, { cases })
}

function flipped(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ (1 << bit)
  return copy
}

describe('a capsule is checked before it is used', () => {
  it('a right one is: its cases come out as they say, with the same gas', () => {
    const checked = unwrapped(checkCapsule(good, context))
    expect(checked.cid.toString()).toBe(capsuleCid(good.capsule, sha256).toString())
    expect(checked.cases).toHaveLength(good.cases.length)
    expect(checked.gasMax).toBe(1_000_000)
  })

  it("another author's policy, with a regular expression and a function of the host, is too", () => {
    const checked = unwrapped(checkCapsule(bundleOf(engine, TEXT_ONLY, TEXT_ONLY_GAS), context))
    expect(checked.module.builtins).toEqual(['sprintf'])
    expect(checked.gasMax).toBe(TEXT_ONLY_GAS)
  })

  it('travels as a file: what is read is what was written', () => {
    const file = encodeBundle(good)
    expect(unwrapped(decodeBundle(file))).toEqual(good)
  })

  it('one bit of the module: refused by its hash', () => {
    fc.assert(
      fc.property(fc.nat(good.wasm.length - 1), fc.nat(7), (at, bit) => {
        const refused = refusal({ ...good, wasm: flipped(good.wasm, at, bit) })
        expect(refused).toMatchObject({ code: 'MALFORMED', field: 'wasm' })
        expect(refused?.message).toContain('hash')
      }),
    )
  })

  it('one bit of the capsule: not canonical any more, or not what was signed', () => {
    for (let at = 0; at < good.capsule.length; at += 7) {
      const code = refusal({ ...good, capsule: flipped(good.capsule, at, at % 8) })?.code
      expect(['BAD_SIGNATURE', 'BAD_KEY', 'MALFORMED', 'NOT_CANONICAL', 'TOO_LARGE']).toContain(code)
    }
  })

  it('one bit of the signature, and none at all', () => {
    for (let at = 0; at < 64; at++) {
      expect(refusal({ ...good, signature: flipped(good.signature, at) })?.code).toBe('BAD_SIGNATURE')
    }
    expect(refusal({ ...good, signature: new Uint8Array() })?.code).toBe('BAD_SIGNATURE')
  })

  it('signed by another key than the author that it names', () => {
    const signature = signCapsule(offline.crypto, NET, STRANGER.secret, good.capsule)
    expect(refusal({ ...good, signature })).toMatchObject({ code: 'BAD_SIGNATURE', field: 'signature' })
    expect(refusal(resigned({ author: STRANGER.did }))?.code).toBe('BAD_SIGNATURE')
  })

  it('signed for another network', () => {
    const net = cidOf(new TextEncoder().encode('another network'), sha256)
    expect(refusal(good, { net })?.code).toBe('BAD_SIGNATURE')
  })

  it('unsigned, it is right only where the genesis names it', () => {
    const unsigned = { ...good, signature: new Uint8Array() }
    expect(refusal(unsigned, { genesisCapsule: capsuleCid(good.capsule, sha256) })).toBeUndefined()
    expect(refusal(unsigned, { genesisCapsule: NET })?.code).toBe('BAD_SIGNATURE')
  })

  it('a case that it claims and that is not there', () => {
    const [{ id }] = good.cases as [ConformanceCase]
    const refused = refusal({ ...good, cases: good.cases.slice(1) })
    expect(refused).toMatchObject({ code: 'MALFORMED', field: `conformance.${id}` })
  })

  it('a case that is another than the one that it claims', () => {
    const cases = good.cases.map((one, at) => (at === 0 ? { ...one, gas: one.gas + 1 } : one))
    const refused = refusal({ ...good, cases })
    expect(refused).toMatchObject({ code: 'MALFORMED', field: `conformance.${good.cases[0]?.id}` })
    expect(refused?.message).toContain('not the one')
  })

  it('a case that it claims and that fails: by its decision', () => {
    const decision = { allow: false, denials: [{ rule: 'never' }] }
    const refused = refusal(withCase((one) => ({ ...one, decision })))
    expect(refused).toMatchObject({ code: 'MALFORMED', field: `conformance.${good.cases[0]?.id}` })
    expect(refused?.message).toMatch(/fails here: decided allow, expected deny/)
  })

  it('a case that it claims and that fails: by one unit of gas', () => {
    const refused = refusal(withCase((one) => ({ ...one, gas: one.gas - 1 })))
    expect(refused?.message).toMatch(/fails here: used \d+ gas, expected \d+/)
  })

  it('a case that needs more gas than the capsule gives', () => {
    const refused = refusal(resigned({ gas_limit: 50_000 }))
    expect(refused).toMatchObject({ code: 'MALFORMED', field: `conformance.${good.cases[0]?.id}` })
  })

  it('made for another meter or another schema', () => {
    expect(refusal(resigned({ meter: 999 }))).toMatchObject({
      code: 'UNKNOWN_CAPABILITY',
      field: 'capsule.meter',
    })
    expect(refusal(resigned({ schema: 2 }))).toMatchObject({
      code: 'UNKNOWN_CAPABILITY',
      field: 'capsule.schema',
    })
  })

  it("a module that the engine refuses, by the engine's own reason", () => {
    const wasm = opaModule({ builtins: '{"http.send":0}' })
    const refused = refusal(resigned({ policy_engine_hash: sha256(wasm) }, { wasm }))
    expect(refused).toMatchObject({ code: 'UNKNOWN_CAPABILITY', field: 'http.send' })
  })

  it('every reason is another', () => {
    const signature = signCapsule(offline.crypto, NET, STRANGER.secret, good.capsule)
    const reasons = [
      refusal({ ...good, wasm: flipped(good.wasm, 1000) }),
      refusal({ ...good, signature }),
      refusal(withCase((one) => ({ ...one, gas: one.gas + 1 }))),
      refusal({ ...good, cases: good.cases.slice(1) }),
    ].map((one) => one?.message)
    expect(new Set(reasons).size).toBe(reasons.length)
  })
})

describe('the default policy', () => {
  it('is the module that its capsule names', () => {
    const checked = unwrapped(checkCapsule(bundleOf(engine, DEFAULT_POLICY), context))
    expect(checked.capsule.policy_engine_hash).toEqual(sha256(good.wasm))
  })
})
