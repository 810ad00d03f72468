import { describe, expect, it } from 'vitest'
import { type Isolation, isolates, strictest } from '../../../src/model/isolation.ts'

const LEVELS: readonly Isolation[] = ['none', 'sandbox', 'vm']

describe('levels of isolation', () => {
  it('are ordered: none, sandbox, vm', () => {
    const table = LEVELS.map((given) => LEVELS.map((wanted) => isolates(given, wanted)))
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ])
  })

  it('of two, the stricter one holds, whichever comes first', () => {
    expect(strictest('sandbox', 'none')).toBe('sandbox')
    expect(strictest('none', 'vm')).toBe('vm')
    expect(strictest('sandbox', undefined)).toBe('sandbox')
  })
})
