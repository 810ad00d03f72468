import { describe, expect, it } from 'vitest'
import { decisionCid } from '../../../../src/codec/capsule/decision.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { encodeBody } from '../../../../src/codec/envelope/draft-body.ts'
import { policyDigest } from '../../../../src/codec/envelope/policy-digest.ts'
import { policyInputOf } from '../../../../src/codec/envelope/policy-input.ts'
import { JOURNAL_KIND } from '../../../../src/codec/journal/kinds.ts'
import {
  journalLine,
  judge,
  passCommitGate,
  passIngress,
  passPreflight,
} from '../../../../src/core/policy/gates.ts'
import { inputOfDraft } from '../../../../src/core/policy/input.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import type { Evaluation } from '../../../../src/ports/policy-engine.ts'
import { CAPSULE, NET, sha256, usualDraft } from '../../../setup/policy-bodies.ts'

const engineHash = new Uint8Array(32).fill(7)
const input = inputOfDraft(usualDraft('COMMIT'))

function decided(output: string): Evaluation {
  return { kind: 'decided', gas: 1234, output }
}

function judged(evaluation: Evaluation) {
  return judge({ cid: CAPSULE, engineHash }, input, evaluation, sha256)
}

const ALLOWED = judged(decided('[{"result":{"allow":true,"denials":[]}}]'))
const DENIED = judged(
  decided(
    '[{"result":{"allow":false,"denials":[{"rule":"required","field":"payload.fence"},{"rule":"kind","field":"kind"}]}}]',
  ),
)
const OUT_OF_GAS = judged({ kind: 'gas-exceeded', gas: 1_000_000 })
const BROKEN = judged({ kind: 'failed', gas: 5, failure: 'trap', message: 'whatever' })

const claim = { capsule: CAPSULE, digest: ALLOWED.digest, threadCapsule: CAPSULE }
const used = { gas: 812_344, bytes: 229_615 }

describe('a judgement', () => {
  it('names input and decision by their CIDs and binds both to the engine by its digest', () => {
    const inputCid = cidOf(input, sha256)
    const decision = decisionCid({ allow: true, denials: [] }, sha256)
    expect(ALLOWED.input.toString()).toBe(inputCid.toString())
    expect(ALLOWED.digest).toEqual(policyDigest(inputCid, decision, engineHash, sha256))
  })

  it('has another digest for another input, decision or engine', () => {
    const inBucket = policyInputOf(encodeBody(usualDraft('COMMIT'), new Uint8Array(32)), 1)
    const slot = judge({ cid: CAPSULE, engineHash }, inBucket, decided('[]'), sha256)
    const other = judge({ cid: CAPSULE, engineHash: new Uint8Array(32) }, input, decided('[]'), sha256)
    const all = [ALLOWED, DENIED, OUT_OF_GAS, BROKEN, slot, other].map(({ digest }) => digest.toHex())
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('PREFLIGHT', () => {
  it('gives the digest for the body', () => {
    expect(passPreflight(ALLOWED)).toEqual({ ok: true, value: ALLOWED.digest })
  })

  it('refuses with every reason, in one order', () => {
    expect(passPreflight(DENIED)).toMatchObject({
      error: {
        code: 'POLICY_DENIED',
        field: 'kind',
        message: 'kind is no verb that the policy allows; payload.fence is missing',
      },
    })
  })

  it('says apart what was denied and what took too much gas', () => {
    expect(passPreflight(OUT_OF_GAS)).toMatchObject({ error: { code: 'GAS_EXCEEDED' } })
    expect(passPreflight(BROKEN)).toMatchObject({ error: { code: 'POLICY_DENIED' } })
  })
})

describe('INGRESS', () => {
  it('takes what is allowed, under the capsule of the thread, with the right digest', () => {
    expect(passIngress(ALLOWED, claim).ok).toBe(true)
  })

  it('refuses another capsule than the thread has, before anything else', () => {
    for (const judgement of [ALLOWED, DENIED]) {
      expect(passIngress(judgement, { ...claim, capsule: NET })).toMatchObject({
        error: { code: 'WRONG_CAPSULE', field: 'capsule' },
      })
    }
  })

  it('refuses an evaluation that was made under another capsule than the thread has', () => {
    const judgement = judge({ cid: NET, engineHash }, input, decided('[]'), sha256)
    expect(passIngress(judgement, claim)).toMatchObject({ error: { code: 'WRONG_CAPSULE' } })
  })

  it('refuses what is denied, whatever digest it brings', () => {
    expect(passIngress(DENIED, { ...claim, digest: DENIED.digest })).toMatchObject({
      error: { code: 'POLICY_DENIED' },
    })
  })

  it('refuses a digest that is not of this evaluation', () => {
    expect(passIngress(ALLOWED, { ...claim, digest: new Uint8Array(32) })).toMatchObject({
      error: { code: 'POLICY_DENIED', field: 'digest' },
    })
  })
})

describe('COMMIT_GATE', () => {
  it('takes a claim that doing the work again bears out, and one that cannot be done again', () => {
    expect(passCommitGate(ALLOWED, used, used).ok).toBe(true)
    expect(passCommitGate(ALLOWED, used, undefined).ok).toBe(true)
  })

  it.each(['gas', 'bytes'] as const)('refuses a claim about %s that is off by one, either way', (what) => {
    for (const off of [-1, 1]) {
      const claimed = { ...used, [what]: used[what] + off }
      expect(passCommitGate(ALLOWED, claimed, used)).toMatchObject({
        error: { code: 'POLICY_DENIED', field: `payload.telemetry.${what}` },
      })
    }
  })

  it('refuses what is denied first', () => {
    expect(passCommitGate(DENIED, used, used)).toMatchObject({
      error: { code: 'POLICY_DENIED', field: 'kind' },
    })
  })
})

describe('the journal', () => {
  it('keeps gate, capsule, input, decision, gas, digest and reasons, in the form of its lines', () => {
    const id = CAPSULE.toString() as EnvelopeId
    const line = journalLine('INGRESS', DENIED, id)
    expect(JOURNAL_KIND.policy.data.parse(line)).toEqual(line)
    expect(line).toMatchObject({ gate: 'INGRESS', decision: 'deny', gas: 1234, id })
    expect(line.reasons).toEqual(['kind is no verb that the policy allows', 'payload.fence is missing'])
    expect(journalLine('PREFLIGHT', ALLOWED)).toMatchObject({ decision: 'allow', reasons: [] })
  })
})
