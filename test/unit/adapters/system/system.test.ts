import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock, wallNanoseconds } from '../../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../../src/adapters/system/random.ts'

const MS = 1_000_000n

/** A wall clock and a counter that are moved by hand. */
function handMoved(wall: number) {
  const source = { wall, counter: 5n }
  return {
    source,
    now: wallNanoseconds({ wallMs: () => source.wall, monotonicNs: () => source.counter }),
  }
}

describe('nanoseconds of the wall clock', () => {
  it('start at the wall clock and go on by the counter, below a millisecond', () => {
    const { source, now } = handMoved(1_000)
    expect(now()).toBe(1_000n * MS)
    source.counter += 250n
    expect(now()).toBe(1_000n * MS + 250n)
  })

  it('are distinct and in order while neither clock moves', () => {
    const { now } = handMoved(1_000)
    const readings = [now(), now(), now()]
    expect(readings).toEqual([1_000n * MS, 1_000n * MS + 1n, 1_000n * MS + 2n])
  })

  it('follow the wall clock when it is set, forwards or back', () => {
    const { source, now } = handMoved(1_000_000)
    now()
    source.wall = 2_000_000
    expect(now()).toBe(2_000_000n * MS)
    source.counter += MS
    source.wall += 1
    expect(now()).toBe(2_000_001n * MS)
    source.wall = 500_000
    expect(now()).toBe(500_000n * MS)
  })

  it('do not follow small differences: the wall clock knows milliseconds only', () => {
    const { source, now } = handMoved(1_000)
    now()
    source.counter += 4n * MS
    expect(now()).toBe(1_004n * MS)
    source.wall += 9
    expect(now()).toBe(1_004n * MS + 1n)
  })
})

describe('the system clock', () => {
  it('gives nanoseconds that rise from call to call and agree with its milliseconds', () => {
    let last = systemClock.nowNs()
    for (let round = 0; round < 10_000; round += 1) {
      const next = systemClock.nowNs()
      expect(next > last).toBe(true)
      last = next
    }
    const before = systemClock.nowMs()
    const nowMs = Number(systemClock.nowNs() / MS)
    const after = systemClock.nowMs()
    expect(nowMs).toBeGreaterThanOrEqual(before - 6)
    expect(nowMs).toBeLessThanOrEqual(after + 6)
  })

  it('counts monotonic milliseconds that never go back', () => {
    const readings = Array.from({ length: 1000 }, () => systemClock.monotonicMs())
    expect(readings).toEqual(readings.toSorted((a, b) => a - b))
  })
})

describe('a task for later', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('runs once, when its time has come', () => {
    const task = vi.fn<() => void>()
    systemClock.after(1_000, task)
    vi.advanceTimersByTime(999)
    expect(task).not.toHaveBeenCalled()
    vi.advanceTimersByTime(10_000)
    expect(task).toHaveBeenCalledTimes(1)
  })

  it('does not run when it was cancelled', () => {
    const task = vi.fn<() => void>()
    systemClock.after(1_000, task)()
    vi.advanceTimersByTime(10_000)
    expect(task).not.toHaveBeenCalled()
  })

  it('waits longer than one timer can, and can be cancelled in a later part', () => {
    const month = 30 * 24 * 3_600_000
    const task = vi.fn<() => void>()
    const cancelled = vi.fn<() => void>()
    systemClock.after(month, task)
    const cancel = systemClock.after(month, cancelled)
    vi.advanceTimersByTime(month - 1)
    expect(task).not.toHaveBeenCalled()
    cancel()
    vi.advanceTimersByTime(1)
    expect(task).toHaveBeenCalledTimes(1)
    expect(cancelled).not.toHaveBeenCalled()
  })
})

describe('system randomness', () => {
  it('gives as many bytes as asked, others each time', () => {
    expect(systemRandom.bytes(0)).toHaveLength(0)
    const [a, b] = [systemRandom.bytes(32), systemRandom.bytes(32)]
    expect(a).toHaveLength(32)
    expect(a).not.toEqual(b)
  })
})
