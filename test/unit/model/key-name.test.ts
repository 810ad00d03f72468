import { describe, expect, it } from 'vitest'
import { parseKeyName } from '../../../src/model/key-name.ts'

describe('a key name', () => {
  it.each(['a', '0', 'node', 'agent-1', 'a-', 'x'.repeat(32)])('is %s', (text) => {
    expect(parseKeyName(text)).toEqual({ ok: true, value: text })
  })

  it.each(['', '-a', 'A', 'a_b', 'a.b', '..', '../a', 'a/b', 'a\0', 'a\n', 'é', 'x'.repeat(33)])(
    'is not %j',
    (text) => {
      expect(parseKeyName(text)).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
    },
  )
})
