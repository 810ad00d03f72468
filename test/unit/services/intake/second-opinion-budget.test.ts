import { describe, expect, it } from 'vitest'
import { secondOpinionBudget } from '../../../../src/services/intake/second-opinion-budget.ts'

describe('the driver of the second-opinion budget', () => {
  it('spends by the clock, each peer for itself, and forgets the longest idle', () => {
    let nowMs = 0
    const limits = {
      peerChecksMax: 4,
      peerChecksPerSecond: 1,
      allChecksMax: 9,
      allChecksPerSecond: 1,
      peersMax: 2,
    }
    const spend = secondOpinionBudget({ monotonicMs: () => nowMs }, limits)
    expect(spend('a', 3)).toBe(3)
    expect(spend('a', 3)).toBe(1)
    expect(spend('b', 3)).toBe(3)
    expect(spend('c', 3)).toBe(2)
    expect(spend('c', 1)).toBe(0)
    nowMs = 2000
    expect(spend('c', 9)).toBe(2)
    nowMs = 3000
    // `a` was forgotten for `c`, so its bucket is full again; the common one has one check.
    expect(spend('a', 9)).toBe(1)
  })
})
