import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain } from '../../../../src/core/policy/explain.ts'
import { verdictOf } from '../../../../src/core/policy/verdict.ts'
import type { EvaluationFailure } from '../../../../src/ports/policy-engine.ts'

function verdictOn(output: string) {
  return verdictOf({ kind: 'decided', gas: 10, output })
}

function result(decision: unknown): string {
  return JSON.stringify([{ result: decision }])
}

describe('what an evaluation comes to', () => {
  it('is the decision that the policy wrote', () => {
    expect(verdictOn(result({ allow: true, denials: [] }))).toEqual({
      decision: { allow: true, denials: [] },
      gas: 10,
      outOfGas: false,
    })
  })

  it('has its denials in one order, whatever the order of the hash table, none twice', () => {
    const denials = [
      { rule: 'b' },
      { rule: 'a', field: 'y' },
      { rule: 'a', field: 'x', limit: 3 },
      { rule: 'a', field: 'x', limit: '3' },
      { rule: 'a' },
    ]
    const expected = verdictOn(result({ allow: false, denials })).decision
    fc.assert(
      fc.property(fc.shuffledSubarray(denials, { minLength: denials.length }), (shuffled) => {
        const twice = result({ allow: false, denials: [...shuffled, shuffled[0]] })
        expect(verdictOn(twice).decision).toEqual(expected)
      }),
    )
  })

  it('is a denial by the runtime where the policy said nothing that is a decision', () => {
    const wrong = [
      'nonsense',
      '',
      'null',
      '7',
      '{}',
      '[null]',
      '[{}]',
      '[{"result":null}]',
      '[{"result":true}]',
      result({ allow: true }),
      result({ allow: 'true', denials: [] }),
      result({ allow: true, denials: [{ rule: 'x' }] }),
      result({ allow: false, denials: [] }),
      result({ allow: true, denials: [], more: 1 }),
      result({ allow: false, denials: [{}] }),
      result({ allow: false, denials: [{ rule: '' }] }),
      result({ allow: false, denials: [{ rule: 'x', limit: 1.5 }] }),
      result({ allow: false, denials: [{ rule: 'x', limit: [1] }] }),
      result({ allow: false, denials: [{ rule: 'x', why: 'because' }] }),
      result({ allow: false, denials: [{ rule: 'runtime.gas' }] }),
      result({ allow: false, denials: [{ rule: 'x'.repeat(65) }] }),
      result({ allow: false, denials: [{ rule: 'x', field: 'f'.repeat(257) }] }),
      result({ allow: false, denials: Array.from({ length: 65 }, (_, n) => ({ rule: `r${n}` })) }),
    ]
    for (const output of wrong) {
      const { decision, outOfGas } = verdictOn(output)
      expect(decision, output).toMatchObject({ allow: false, denials: [{ rule: 'runtime.output' }] })
      expect(outOfGas).toBe(false)
    }
    expect(verdictOn('[]').decision).toEqual({ allow: false, denials: [{ rule: 'runtime.undefined' }] })
  })

  it('never allows by anything but the one form, whatever the output is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((text) => `[{"result":${text}}]`),
        ),
        (output) => {
          expect(verdictOn(output).decision.allow).toBe(false)
        },
      ),
    )
  })

  it('is a denial by its own rule for every way to fail', () => {
    const failures: EvaluationFailure[] = ['depth', 'trap', 'abort', 'builtin', 'input', 'output']
    for (const failure of failures) {
      const { decision } = verdictOf({ kind: 'failed', gas: 3, failure, message: 'x' })
      expect(decision).toEqual({ allow: false, denials: [{ rule: `runtime.${failure}` }] })
      expect(explain(decision)).not.toContain('runtime')
    }
    expect(verdictOf({ kind: 'gas-exceeded', gas: 9 })).toEqual({
      decision: { allow: false, denials: [{ rule: 'runtime.gas', limit: 9 }] },
      gas: 9,
      outOfGas: true,
    })
  })
})

describe('reasons for people', () => {
  it('are sentences for the rules that we know, and the rule with its place for others', () => {
    const denials = [
      { rule: 'bounty_cap', field: 'payload.verify_bounty', limit: '10000000' },
      { rule: 'text_only', field: 'payload.task_type' },
      { rule: 'too_dear', limit: 5 },
      { rule: 'constructor' },
    ]
    expect(explain({ allow: false, denials })).toBe(
      'payload.verify_bounty is over the cap of its task class, 10000000 micro-credits; ' +
        'rule text_only at payload.task_type; rule too_dear (limit 5); rule constructor',
    )
  })

  it('are at most eight in one line, with the number of the others', () => {
    const denials = Array.from({ length: 11 }, (_, n) => ({ rule: `r${n}` }))
    expect(explain({ allow: false, denials })).toMatch(/rule r7; and 3 more$/)
  })
})
