import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidFromDigest, RAW } from '../../../../src/codec/cid.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import {
  firstWanted,
  KEEPING_LIMITS,
  overBudget,
  settled,
  toStart,
  type Wanted,
} from '../../../../src/services/content/wanted.ts'

const MIB = 1_048_576
const content = (n: number, size?: number) => ({
  cid: cidFromDigest(new Uint8Array(32).fill(n), RAW),
  size,
  from: [],
})
const wanted = (need: string, n: number, more: Partial<Wanted> = {}): Wanted => ({
  ...firstWanted(need, content(n, 100)),
  ...more,
})
const names = (all: readonly Wanted[]): string => all.map(({ need }) => need).join('')

describe('what a voter fetches for needs', () => {
  it('one need never takes more than its share of what is under way, others come first', () => {
    const all = [1, 2, 3]
      .map((n) => wanted('a', n))
      .concat(wanted('b', 4), wanted('c', 5, { state: 'running' }))
    const limits = { ...KEEPING_LIMITS, fetchesMax: 4, fetchesPerNeedMax: 2 }
    expect(names(toStart(all, 0, limits))).toBe('aba')
    expect(names(toStart(all, 0, { ...limits, fetchesMax: 3 }))).toBe('ab')
  })

  it('never begins more than the bounds, nothing twice, nothing before its time', () => {
    const any = fc.array(
      fc.record({
        need: fc.constantFrom('a', 'b', 'c'),
        state: fc.constantFrom('waiting' as const, 'running' as const, 'kept' as const, 'refused' as const),
        notBeforeMs: fc.nat(10),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(any, fc.nat(10), (list, now) => {
        const all = list.map(({ need, ...more }, n) => wanted(need, n, more))
        const started = toStart(all, now, { ...KEEPING_LIMITS, fetchesMax: 5, fetchesPerNeedMax: 2 })
        expect(new Set(started).size).toBe(started.length)
        for (const { state, notBeforeMs } of started)
          expect([state, notBeforeMs <= now]).toEqual(['waiting', true])
        const busy = all.filter(({ state }) => state === 'running')
        if (started.length > 0) expect(started.length + busy.length).toBeLessThanOrEqual(5)
        for (const one of started) {
          const ofNeed = [...busy, ...started].filter(({ need }) => need === one.need)
          expect(ofNeed.length).toBeLessThanOrEqual(2)
        }
      }),
    )
  })

  it('a need has a budget of contents and bytes, one content the cap; unknown sizes count in full', () => {
    const budget = (ofNeed: readonly ReturnType<typeof content>[], size?: number) =>
      overBudget(ofNeed, content(9, size), KEEPING_LIMITS)?.code
    expect(budget([], 64 * MIB)).toBeUndefined()
    expect(budget([], 64 * MIB + 1)).toBe('content-too-large')
    const three = [1, 2, 3].map((n) => content(n))
    expect(budget(three, 64 * MIB)).toBeUndefined()
    expect(budget([...three, content(4, 1)], 64 * MIB)).toBe('content-too-large')
    expect(
      budget(
        Array.from({ length: 64 }, (_, n) => content(n, 1)),
        1,
      ),
    ).toBe('content-too-large')
  })

  it('is kept when it has the size that was said, refused for good otherwise, tried again later after other faults', () => {
    const one = wanted('a', 1)
    expect(settled(one, { size: 100 }, 0)).toMatchObject({ state: 'kept', fault: undefined })
    expect(settled(one, { size: 99 }, 0)).toMatchObject({
      state: 'refused',
      fault: { code: 'content-malformed' },
    })
    const fault = new FaultError('content-timed-out', '')
    const waits: number[] = []
    let last: Wanted = one
    for (let n = 0; n < 9; n++) {
      last = settled({ ...last, state: 'running' }, { fault }, 1_000)
      waits.push(last.notBeforeMs - 1_000)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64].map((s) => s * 1_000))
    const large = new FaultError('content-too-large', '')
    expect(settled(one, { fault: large }, 0)).toMatchObject({ state: 'refused', fault: large })
  })
})
