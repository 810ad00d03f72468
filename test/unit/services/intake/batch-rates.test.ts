import { describe, expect, it } from 'vitest'
import type { Did } from '../../../../src/model/ids.ts'
import { BatchRates } from '../../../../src/services/intake/batch-rates.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const [VOTER, A, B] = ['voter', 'a', 'b'] as unknown as readonly [Did, Did, Did]
/** 16 units for the batch, and one for its bytes. */
const SMALL = 256
const LIMITS = { perSecond: 17, burst: 34, allPerSecond: 34, allBurst: 51 }

function ratesOf(limits = LIMITS) {
  const clock = new ManualClock()
  return { clock, rates: new BatchRates(clock, (peer) => peer === VOTER, limits) }
}

describe('batches of peers', () => {
  it('are judged as far as each of them may, and as far as all may', () => {
    const { clock, rates } = ratesOf()
    expect([1, 2, 3].map(() => rates.take(A, SMALL))).toEqual([true, true, false])
    expect([1, 2].map(() => rates.take(B, SMALL))).toEqual([true, false])
    clock.advance(1_000)
    // What was refused for the sake of all was not counted.
    expect([1, 2].map(() => rates.take(B, SMALL))).toEqual([true, true])
    expect(rates.take(A, SMALL)).toBe(false)
    clock.advance(1_000)
    expect(rates.take(A, SMALL)).toBe(true)
  })

  it('cost as much as they are long', () => {
    const { rates } = ratesOf()
    expect(rates.take(A, SMALL * 19)).toBe(false)
    expect(rates.take(A, SMALL * 18)).toBe(true)
    expect(rates.take(A, 1)).toBe(false)
  })

  it('of those whom the network trusts are all judged', () => {
    const { rates } = ratesOf()
    expect(Array.from({ length: 100 }, () => rates.take(VOTER, SMALL)).every(Boolean)).toBe(true)
    expect(rates.take(A, SMALL)).toBe(true)
  })

  it('are a mebibyte at once at least', () => {
    const rates = new BatchRates(new ManualClock(), () => false)
    expect(rates.take(A, 4_194_304)).toBe(true)
  })
})
