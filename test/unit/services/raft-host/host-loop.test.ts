import { describe, expect, it } from 'vitest'
import { HostLoop } from '../../../../src/services/raft-host/host-loop.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

/** A loop of 100 ms ticks, and what its host is asked. */
function looped() {
  const clock = new ManualClock()
  const host = {
    ticks: 0,
    isLed: false,
    isWriting: false,
    turns: 0,
    settle: () => {},
    unstored: 0,
    untrimmed: 0,
  }
  const loop = new HostLoop(
    {
      get isLed() {
        return host.isLed
      },
      get isWriting() {
        return host.isWriting
      },
      onSettled: (listener) => {
        host.settle = listener
      },
      tick: () => void host.ticks++,
      turn: () => ++host.turns === 0,
      leads: () => [],
      beginStop: () => undefined,
      storeStates: () => {
        host.unstored = 3
      },
      get isStoring() {
        return host.unstored > 0
      },
      trim: () => host.untrimmed > 0 && --host.untrimmed > 0,
    },
    { clock, tickMs: 100, later: (task) => task(), onFault: () => undefined },
  )
  const ticksIn = (ms: number): number => {
    const before = host.ticks
    for (let passed = 0; passed < ms; passed += 5) clock.advance(5)
    return host.ticks - before
  }
  return { host, loop, ticksIn }
}

/** Whether it has ended by now. */
function ended(work: Promise<unknown>) {
  const state = { isSo: false }
  void work.finally(() => {
    state.isSo = true
  })
  return state
}

describe('a host that has just begun', () => {
  it('ticks four times as fast until every group has a leader', () => {
    const { host, ticksIn } = looped()
    expect(ticksIn(500)).toBe(20)
    host.isLed = true
    ticksIn(100)
    expect(ticksIn(1_000)).toBe(10)
  })

  it('and for a second at most, though nobody comes to lead', () => {
    const { ticksIn } = looped()
    ticksIn(1_000)
    expect(ticksIn(1_000)).toBe(10)
  })

  it('does not hurry again when a leader is lost later', () => {
    const { host, ticksIn } = looped()
    host.isLed = true
    ticksIn(200)
    host.isLed = false
    expect(ticksIn(1_000)).toBe(10)
  })
})

describe('a host that stores its states before a stop', () => {
  it('takes turns until all are stored and nothing is left to let go of', async () => {
    const { host, loop, ticksIn } = looped()
    const done = ended(loop.storeStates(50))
    host.untrimmed = 2
    for (let n = 0; n < 3; n++) {
      ticksIn(100)
      await Promise.resolve()
      host.unstored--
    }
    expect(done.isSo).toBe(false)
    for (let n = 0; n < 3; n++) {
      ticksIn(100)
      await Promise.resolve()
    }
    await Promise.resolve()
    expect(done.isSo).toBe(true)
    expect(host.turns).toBeGreaterThanOrEqual(4)
  })

  it('gives up after so many ticks: what is not stored is applied again', async () => {
    const { loop, ticksIn } = looped()
    const done = ended(loop.storeStates(5))
    for (let n = 0; n < 5; n++) {
      expect(done.isSo).toBe(false)
      ticksIn(100)
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(done.isSo).toBe(true)
  })
})

describe('a host whose turn is underway in the store', () => {
  it('takes no other until it is over, and then at once', () => {
    const { host, loop } = looped()
    loop.soon()
    expect(host.turns).toBe(1)
    host.isWriting = true
    loop.soon()
    expect(host.turns).toBe(1)
    host.isWriting = false
    host.settle()
    expect(host.turns).toBe(2)
  })
})
