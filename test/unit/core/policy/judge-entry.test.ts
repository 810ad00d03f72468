import { afterAll, describe, expect, it } from 'vitest'
import type { CID } from '../../../../src/codec/cid.ts'
import type { BodyDraft } from '../../../../src/codec/envelope/body.ts'
import { encodeBody } from '../../../../src/codec/envelope/draft-body.ts'
import { policyInputOf } from '../../../../src/codec/envelope/policy-input.ts'
import type { SingleEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import { KINDS } from '../../../../src/codec/payload/verbs.ts'
import { checkCapsule } from '../../../../src/core/policy/capsule-check.ts'
import { inputOfDraft } from '../../../../src/core/policy/input.ts'
import { entryJudge } from '../../../../src/core/policy/judge-entry.ts'
import { judgeList } from '../../../../src/core/policy/judge-list.ts'
import { offline } from '../../../../src/node/offline.ts'
import { DEFAULT_POLICY } from '../../../../src/node/policy/files.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import { bundleOf, TEXT_ONLY, TEXT_ONLY_GAS, unwrapped } from '../../../setup/policies.ts'
import { NET, PAYLOADS, sha256, usualDraft } from '../../../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

/** A capsule as a node has it that never saw the others. */
function capsuleOf(folder: string, gas: number, of = engine) {
  const context = { crypto: offline.crypto, engine: of, net: NET, gasMax: 1_000_000 }
  return unwrapped(checkCapsule(bundleOf(of, folder, gas), context))
}

const ours = capsuleOf(DEFAULT_POLICY, 16_000_000)
const theirs = capsuleOf(TEXT_ONLY, TEXT_ONLY_GAS)

describe('a capsule asked by a machine or a replay', () => {
  const drafts = [...KINDS.map((kind) => usualDraft(kind)), usualDraft('CANCEL', {} as never)]
  const inputs = drafts.map(inputOfDraft)

  it('says the same of every input at every node: decision, digest and gas, alone, in a list, in another order', () => {
    const list = judgeList(ours, inputs, sha256)
    const elsewhere = capsuleOf(DEFAULT_POLICY, 16_000_000, openPolicyEngine())
    expect(judgeList(elsewhere, inputs.toReversed(), sha256).toReversed()).toEqual(list)
    expect(inputs.flatMap((input) => judgeList(elsewhere, [input], sha256))).toEqual(list)
    expect(list.map(({ verdict }) => verdict.decision.allow)).toEqual([...KINDS.map(() => true), false])
    expect(new Set(list.map(({ digest }) => digest.toHex())).size).toBe(inputs.length)
    expect(list.every(({ verdict }) => verdict.gas > 0)).toBe(true)
  })

  it('has nothing to say of no inputs', () => {
    expect(judgeList(ours, [], sha256)).toEqual([])
  })
})

describe('the judge of the entries of a bucket', () => {
  const capsules = new Map([ours, theirs].map((one) => [one.cid.toString(), one]))
  const ask = entryJudge(capsules, sha256)

  /** As its sender evaluated it: without a slot. */
  function envelope(
    capsule: typeof ours,
    more: Partial<BodyDraft> = {},
    digest?: Uint8Array,
  ): SingleEnvelope {
    const body = { ...usualDraft('NEED'), capsule: capsule.cid, ...more } as BodyDraft
    const [judged] = judgeList(capsule, [inputOfDraft(body)], sha256)
    const said = digest ?? judged?.digest ?? new Uint8Array(32)
    return { body: { ...body, digest: said }, bytes: encodeBody(body, said) } as unknown as SingleEnvelope
  }

  const nameOf = ({ cid }: { readonly cid: CID }) => cid.toString()

  it('lets through what the capsule allows with and without the slot, by the digest that the sender had', () => {
    expect(ask(nameOf(ours), envelope(ours), 1204)).toEqual({ ok: true, value: undefined })
    expect(ask(nameOf(theirs), envelope(theirs), 0)).toEqual({ ok: true, value: undefined })
  })

  it('refuses what is denied without the slot, and what is denied with it alone', () => {
    const image = { payload: { ...PAYLOADS.NEED, task_type: 'image/draw' } } as Partial<BodyDraft>
    expect(ask(nameOf(theirs), envelope(theirs, image), 7)).toMatchObject({
      error: { code: 'POLICY_DENIED' },
    })
    expect(ask(nameOf(ours), envelope(ours), -1)).toMatchObject({
      error: { code: 'POLICY_DENIED', field: 'slot' },
    })
  })

  it("refuses a sender whose digest is of another evaluation, the slot's own included", () => {
    const wrong = { error: { code: 'POLICY_DENIED', field: 'digest' } }
    expect(ask(nameOf(ours), envelope(ours, {}, new Uint8Array(32)), 7)).toMatchObject(wrong)
    const [within] = judgeList(ours, [policyInputOf(envelope(ours).bytes, 7)], sha256)
    expect(ask(nameOf(ours), envelope(ours, {}, within?.digest), 7)).toMatchObject(wrong)
  })

  it('refuses another capsule than the one that is asked for, and one that is not there', () => {
    const wrong = { error: { code: 'WRONG_CAPSULE' } }
    expect(ask(nameOf(theirs), envelope(ours), 7)).toMatchObject(wrong)
    expect(entryJudge(new Map(), sha256)(nameOf(ours), envelope(ours), 7)).toMatchObject(wrong)
  })

  it('allows all where no capsule is named', () => {
    expect(ask('', envelope(ours, {}, new Uint8Array(32)), 7).ok).toBe(true)
  })
})
