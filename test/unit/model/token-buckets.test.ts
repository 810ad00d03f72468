import { describe, expect, it } from 'vitest'
import { TokenBuckets } from '../../../src/model/token-buckets.ts'

describe('token buckets', () => {
  it('are of one rate, each with what its owner left of it', () => {
    const buckets = new TokenBuckets<string>(10, 5)
    expect(buckets.of('a', 0).take(5, 0)).toBe(true)
    expect(buckets.of('a', 0).take(1, 0)).toBe(false)
    expect(buckets.of('b', 0).take(5, 0)).toBe(true)
    expect(buckets.of('a', 100).take(1, 100)).toBe(true)
  })

  it('are remembered for so many alone, however many there are', () => {
    const buckets = new TokenBuckets<number>(10, 5)
    for (let owner = 0; owner <= 4_096; owner++) buckets.of(owner, 0).take(5, 0)
    expect(buckets.of(1, 0).take(1, 0)).toBe(false)
    expect(buckets.of(0, 0).take(5, 0)).toBe(true)
  })
})
