import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LruMap } from '../../../src/model/lru-map.ts'

describe('an LRU map', () => {
  it('forgets the entry that was used longest ago, and reading is use', () => {
    const map = new LruMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    expect(map.get('a')).toBe(1)
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3])
  })

  it('never holds more than its bound, and holds the last ones set', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat({ max: 12 })), (bound, keys) => {
        const map = new LruMap<number, number>(bound)
        for (const [at, key] of keys.entries()) map.set(key, at)
        const recent = [...new Set(keys.toReversed())].slice(0, bound)
        expect(map.size).toBe(recent.length)
        for (const key of recent) expect(map.get(key)).toBe(keys.lastIndexOf(key))
      }),
    )
  })

  it('needs room for one entry', () => {
    expect(() => new LruMap(0)).toThrow('at least one')
  })
})
