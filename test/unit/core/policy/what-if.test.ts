import { afterAll, describe, expect, it } from 'vitest'
import { inputOfDraft } from '../../../../src/core/policy/input.ts'
import { changes, type Recorded } from '../../../../src/core/policy/what-if.ts'
import type { EnvelopeId, ThreadId } from '../../../../src/model/ids.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import { policyIn, TEXT_ONLY, TEXT_ONLY_GAS, unwrapped } from '../../../setup/policies.ts'
import { PAYLOADS, usualDraft } from '../../../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

function recorded(id: string, allowed: boolean, more: object = {}): Recorded {
  const input = inputOfDraft(usualDraft('NEED', { ...PAYLOADS.NEED, ...more }))
  const reasons = allowed ? [] : ['it was too long']
  return { thread: 'a thread' as ThreadId, id: id as EnvelopeId, kind: 'NEED', input, allowed, reasons }
}

describe('what another capsule would have decided', () => {
  it('lists every decision that would be another, both ways, in order, and no other', () => {
    const past = [
      recorded('same allow', true),
      recorded('now denied', true, { task_type: 'image/draw' }),
      recorded('now allowed', false),
      recorded('same deny', false, { label: 'a secret' }),
      recorded('denied too', true, { label: 'a secret' }),
    ]
    const module = unwrapped(engine.load(policyIn(TEXT_ONLY).wasm))
    const evaluations = module.evaluateList(
      past.map(({ input }) => input),
      TEXT_ONLY_GAS,
    )
    const found = changes(past, evaluations)
    expect(found.map(({ id }) => id)).toEqual(['now denied', 'now allowed', 'denied too'])
    expect(found[0]).toMatchObject({
      before: { allow: true, reasons: [] },
      after: { allow: false, reasons: ['rule text_only at payload.task_type'] },
    })
    expect(found[1]).toMatchObject({
      before: { allow: false, reasons: ['it was too long'] },
      after: { allow: true },
    })
  })
})
