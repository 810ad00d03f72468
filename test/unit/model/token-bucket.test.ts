import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../../src/model/token-bucket.ts'

describe('a token bucket', () => {
  it('grants its burst at once and its rate after that', () => {
    const bucket = new TokenBucket(10, 5, 0)
    expect(bucket.take(5, 0)).toBe(true)
    expect(bucket.take(1, 99)).toBe(false)
    expect(bucket.take(1, 100)).toBe(true)
    expect(bucket.take(6, 1e9)).toBe(false)
    expect(bucket.take(5, 1e9)).toBe(true)
  })

  it('taken late, says how long until nothing is owed', () => {
    const bucket = new TokenBucket(10, 5, 0)
    expect(bucket.takeLate(5, 0)).toBe(0)
    expect(bucket.takeLate(20, 0)).toBe(2000)
    expect(bucket.takeLate(0, 1000)).toBe(1000)
    expect(bucket.take(1, 1999)).toBe(false)
  })

  it('takes a clock that goes back for one that stands still', () => {
    const bucket = new TokenBucket(10, 5, 1000)
    expect(bucket.take(5, 0)).toBe(true)
    expect(bucket.take(1, 50)).toBe(false)
  })
})
