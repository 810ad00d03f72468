import { describe, expect, it } from 'vitest'
import type { SingleEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import type { JudgeEntry } from '../../../../src/core/policy/judge-entry.ts'
import { rememberingJudge } from '../../../../src/core/policy/remembering-judge.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import { reject } from '../../../../src/model/rejection.ts'
import { ok } from '../../../../src/model/result.ts'

const envelope = (id: string) => ({ id: id as EnvelopeId }) as SingleEnvelope

/** A capsule that denies one envelope, and what it was asked. */
function capsule() {
  const asked: string[] = []
  const judge: JudgeEntry = (text, { id }, slot) => {
    asked.push(`${text} ${id} ${slot}`)
    return id === 'denied' ? reject('POLICY_DENIED', 'by this capsule') : ok(undefined)
  }
  return { asked, judge }
}

describe('a capsule whose word is remembered', () => {
  it('is asked once for an envelope in a slot', () => {
    const { asked, judge } = capsule()
    const remembering = rememberingJudge(judge)
    for (const _ of [1, 2])
      expect(remembering('one', envelope('a'), 7)).toEqual({ ok: true, value: undefined })
    expect(asked).toEqual(['one a 7'])
  })

  it('is asked for another slot, another envelope, and another capsule', () => {
    const { asked, judge } = capsule()
    const remembering = rememberingJudge(judge)
    for (const [text, id, slot] of [
      ['one', 'a', 7],
      ['one', 'a', 8],
      ['one', 'b', 7],
      ['two', 'a', 7],
    ] as const)
      expect(remembering(text, envelope(id), slot).ok).toBe(true)
    expect(asked).toEqual(['one a 7', 'one a 8', 'one b 7', 'two a 7'])
  })

  it('is asked each time for what it denied, and what it forgot', () => {
    const { asked, judge } = capsule()
    const remembering = rememberingJudge(judge, 1)
    for (const id of ['denied', 'denied', 'a', 'b', 'a'])
      expect(remembering('one', envelope(id), 7).ok).toBe(id !== 'denied')
    expect(asked).toHaveLength(5)
  })
})
