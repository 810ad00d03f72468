import { describe, expect, it } from 'vitest'
import { caseFileText, parseCaseFile } from '../../../../src/node/policy/case-file.ts'
import { unwrapped } from '../../../setup/policies.ts'

const ALLOWED = '{"id":"a","input":{"kind":"NEED"},"decision":{"denials":[],"allow":true},"gas":5}'

describe('a file of conformance cases', () => {
  it('is read as people write it, and written in one form', () => {
    const text = `\n  ${ALLOWED}\r\n\n{"id":"0","decision":{"allow":true,"denials":[]},"gas":7,"input":{"b":1,"a":2}}\n`
    const cases = unwrapped(parseCaseFile(text))
    expect(cases.map(({ id, gas }) => [id, gas])).toEqual([
      ['a', 5],
      ['0', 7],
    ])
    const written = caseFileText(cases.map((one) => ({ ...one, gas: one.gas ?? 0 })))
    expect(written).toBe(
      '{"decision":{"allow":true,"denials":[]},"gas":7,"id":"0","input":{"a":2,"b":1}}\n' +
        '{"decision":{"allow":true,"denials":[]},"gas":5,"id":"a","input":{"kind":"NEED"}}\n',
    )
    expect(
      caseFileText(unwrapped(parseCaseFile(written)).map((one) => ({ ...one, gas: one.gas ?? 0 }))),
    ).toBe(written)
  })

  it('may leave out gas until a case was run, and nothing else', () => {
    const without = ALLOWED.replace(',"gas":5', '')
    expect(unwrapped(parseCaseFile(without))).toMatchObject([{ id: 'a', gas: undefined }])
    for (const field of ['id', 'input', 'decision']) {
      const { [field]: _, ...rest } = JSON.parse(ALLOWED) as Record<string, unknown>
      expect(parseCaseFile(JSON.stringify(rest))).toMatchObject({ error: { code: 'MALFORMED' } })
    }
  })

  it.each([
    ['no JSON', '{"id":', 'MALFORMED', 'line 2'],
    ['a fraction', ALLOWED.replace('5}', '5.5}'), 'MALFORMED', 'line 2.gas'],
    ['a case that is there', ALLOWED, 'DUPLICATE', 'line 2'],
    [
      'denials out of order',
      '{"id":"b","input":{},"decision":{"allow":false,"denials":[{"rule":"b"},{"rule":"a"}]},"gas":1}',
      'NOT_CANONICAL',
      'line 2.decision',
    ],
  ])('says of %s on which line it is', (_, line, code, field) => {
    expect(parseCaseFile(`${ALLOWED}\n${line}`)).toMatchObject({ error: { code, field } })
  })
})
