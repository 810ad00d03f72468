import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import type { Ipld } from '../../src/codec/ipld.ts'
import { checkPayload } from '../../src/codec/payload/check-payload.ts'
import { KINDS, type Kind, type Payload, VERBS } from '../../src/codec/payload/verbs.ts'
import { runCases } from '../../src/core/policy/conformance.ts'
import { explainDenial } from '../../src/core/policy/explain.ts'
import { inputBytes, inputOfDraft, type PolicyInput } from '../../src/core/policy/input.ts'
import { type Verdict, verdictOf } from '../../src/core/policy/verdict.ts'
import { DEFAULT_POLICY, POLICY_FILE, readPolicy } from '../../src/node/policy/files.ts'
import { openPolicyEngine } from '../../src/node/policy/runtime.ts'
import type { Evaluation } from '../../src/ports/policy-engine.ts'
import { policyIn, TEXT_ONLY, unwrapped } from '../setup/policies.ts'
import { PAYLOADS, sha256, usualDraft } from '../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

const source = unwrapped(readPolicy(DEFAULT_POLICY))
const module = unwrapped(engine.load(source.wasm))
const GAS = source.settings.gas_limit ?? 0

function verdictOn(input: Uint8Array): Verdict {
  return verdictOf(module.evaluateList([input], GAS)[0] as Evaluation)
}

/** The usual input of a verb with other fields. */
function changed(kind: Kind, fields: Readonly<Record<string, Ipld>>): Uint8Array {
  const usual = unwrapped(decodeDagCbor(inputOfDraft(usualDraft(kind))))
  return inputBytes({ ...(usual as PolicyInput), ...fields })
}

describe.each([
  ['the default policy', DEFAULT_POLICY],
  ["another author's policy", TEXT_ONLY],
])('%s', (_, folder) => {
  const { wasm, cases } = policyIn(folder)

  it('decides every case as it says, with exactly the gas that it says', () => {
    const outcomes = runCases(cases, unwrapped(engine.load(wasm)), 16_000_000)
    expect(outcomes.filter(({ difference }) => difference !== undefined)).toEqual([])
    expect(outcomes.length).toBe(cases.length)
  })

  it('uses the same gas on every run: cold, warm, after a trap, after a grown memory, backwards', () => {
    const fresh = unwrapped(openPolicyEngine().load(wasm))
    const inputs = cases.map(({ input }) => inputBytes(input))
    const cold = fresh.evaluateList(inputs, 16_000_000)
    fresh.evaluateList(inputs, 100)
    fresh.evaluateList([inputBytes({ payload: { label: 'x'.repeat(100_000) } })], 16_000_000)
    for (let round = 0; round < 20; round++) fresh.evaluateList(inputs, 16_000_000)
    const backwards = fresh.evaluateList(inputs.toReversed(), 16_000_000)
    expect(backwards.toReversed()).toEqual(cold)
  })

  it('ends at the limit just where its gas is more than that', () => {
    const { input, gas } = cases[0] as (typeof cases)[0]
    const loaded = unwrapped(engine.load(wasm))
    expect(loaded.evaluateList([inputBytes(input)], gas)[0]?.kind).toBe('decided')
    expect(loaded.evaluateList([inputBytes(input)], gas - 1)).toEqual([
      { kind: 'gas-exceeded', gas: gas - 1 },
    ])
  })

  it('is the module that the hash beside it names', () => {
    const beside = readFileSync(join(folder, POLICY_FILE.hash), 'utf8')
    expect(beside).toBe(`${sha256(wasm).toHex()}  ${POLICY_FILE.module}\n`)
  })
})

describe('the default policy and the schemas of the verbs', () => {
  it.each(KINDS)('allows a usual %s', (kind) => {
    expect(verdictOn(inputOfDraft(usualDraft(kind)))).toMatchObject({ decision: { allow: true } })
  })

  it.each(KINDS)('misses in an empty %s the fields that its schema requires, and no other', (kind) => {
    const schema = z.toJSONSchema(VERBS[kind].payload, { unrepresentable: 'any' }) as { required?: string[] }
    const { decision } = verdictOn(changed(kind, { payload: {} }))
    const missed = decision.denials.filter(({ rule }) => rule === 'required').map(({ field }) => field)
    expect(missed).toEqual((schema.required ?? []).map((name) => `payload.${name}`).sort())
  })

  it.each(KINDS)('holds every amount of a %s to the form that its schema has', (kind) => {
    const usual = PAYLOADS[kind] as Readonly<Record<string, Ipld>>
    const isTaken = (name: string, value: string) => checkPayload(kind, { ...usual, [name]: value }).ok
    const amounts = Object.keys(usual).filter((name) => isTaken(name, '7') && !isTaken(name, '07'))
    const wrong = Object.fromEntries(amounts.map((name) => [name, '07']))
    const { decision } = verdictOn(changed(kind, { payload: { ...usual, ...wrong } }))
    const denied = decision.denials.filter(({ rule }) => rule === 'amount').map(({ field }) => field)
    expect(denied).toEqual(amounts.map((name) => `payload.${name}`).sort())
  })

  it('has a sentence for every rule, for people', () => {
    const rego = readFileSync(join(DEFAULT_POLICY, 'policy.rego'), 'utf8')
    const rules = new Set(
      Array.from(rego.matchAll(/"rule": "(?<rule>\w+)"/gu), (found) => found.groups?.['rule'] ?? ''),
    )
    expect(rules.size).toBeGreaterThan(10)
    for (const rule of rules) {
      expect(explainDenial({ rule, field: 'some.field', limit: 7 }), rule).not.toContain(`rule ${rule}`)
    }
  })

  it('allows no verb of theirs under another name, and what is an entry and not an envelope', () => {
    for (const kind of [
      'need',
      'NEED ',
      '',
      'DECIDE',
      'FINALIZE',
      'INVALIDATE',
      'RELEASE',
      'SETTLE',
      'CHANNEL',
    ]) {
      const { decision } = verdictOn(changed('NEED', { kind }))
      expect(
        decision.denials.map(({ rule }) => rule),
        kind,
      ).toContain('kind')
    }
  })

  it('has gas for every payload of 64 KiB of content', () => {
    const inline = usualDraft('COMMIT', { ...PAYLOADS.COMMIT, artifact: { inline: new Uint8Array(65_000) } })
    const remark = (value: string): Payload<'UPDATE_PLAN'> => ({
      patch: {
        ops: Array.from({ length: 15 }, (_, n) => ({
          op_id: `op-${n}`,
          op_type: 'ANNOTATE',
          task_id: 'task',
          payload: { key: 'remark', value },
        })),
        base_lamport: 1,
      },
    })
    for (const draft of [
      inline,
      usualDraft('UPDATE_PLAN', remark('x'.repeat(4_096))),
      usualDraft('UPDATE_PLAN', remark('"'.repeat(4_096))),
      usualDraft('UPDATE_PLAN', remark('€'.repeat(1_365))),
    ]) {
      expect(verdictOn(inputOfDraft(draft)).decision).toEqual({ allow: true, denials: [] })
    }
  })
})
