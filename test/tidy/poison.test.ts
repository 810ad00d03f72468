import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ambient, call, throughLibrary } from './planted/poison/src/core/ambient.ts'

describe('poison-globals', () => {
  it.each(Object.keys(ambient))('refuses %s to pure code', (name) => {
    expect(() => ambient[name]?.()).toThrow(
      new RegExp(`^${name} is not for pure code: .*/src/core/ambient.ts`, 'u'),
    )
  })

  it('refuses a clock that a library reads for pure code', () => {
    const zero = fc.constant(0)
    expect(() => throughLibrary(fc.sample<number>, zero.map.bind(zero))).toThrow(/^Date.now is not for pure/u)
  })

  it('lets the shell, the tests and what they hand to pure code read clocks', () => {
    expect(call(() => Date.now())).toBeGreaterThan(0)
    expect(call(() => new Date())).toBeInstanceOf(Date)
    expect(call(() => Math.random())).toBeLessThan(1)
    expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z')
  })

  it('leaves the stack of errors as it was', () => {
    Date.now()
    expect(new Error('one').stack).toContain('poison.test.ts')
  })
})
