import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SlotFacts } from '../../../../src/core/records/world.ts'
import { Naps } from '../../../../src/services/heart/naps.ts'

const SLOT_MS = 100
const ROOT = new Uint8Array(32)

const slotAt = (n: number, time = n * SLOT_MS): SlotFacts => ({
  n,
  time,
  clock: time,
  roster: ROOT,
  registry: ROOT,
})

const phaseAt = (n: number, name = 'OPEN') => ({ name, ageMs: n * SLOT_MS })

/** Slots in which a need whose first entry becomes lawful at `end` is looked at, from its first look on until that entry. */
function looks(end: number): number[] {
  const naps = new Naps()
  const looked: number[] = []
  for (let n = 0; ; n++) {
    if (naps.isAsleep('a', slotAt(n))) continue
    looked.push(n)
    if (n >= end) return looked
    naps.begin('a', phaseAt(n), slotAt(n), SLOT_MS, (later) => later.n < end)
  }
}

describe('a nap of a need', () => {
  it('ends in the very slot in which an entry becomes lawful', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), (end) => {
        expect(looks(end).at(-1)).toBe(end)
      }),
    )
  })

  it('makes the looks in a window of a day as few as its stride allows', () => {
    expect(looks(86_400).length).toBeLessThan(86_400 / 200)
  })

  /** Since slot 0, of which it was told that nothing is lawful in the 256 after it. */
  function asleep(need = 'a'): Naps {
    const naps = new Naps()
    naps.begin(need, phaseAt(0), slotAt(0), SLOT_MS, () => true)
    return naps
  }

  it('ends by the clock of windows as well, when slots come late', () => {
    const naps = asleep()
    const late = (clock: number) => ({ ...slotAt(2, 0), clock })
    expect([25_600, 25_601].map((clock) => naps.isAsleep('a', late(clock)))).toEqual([true, false])
    expect([256, 257].map((n) => naps.isAsleep('a', slotAt(n, 0)))).toEqual([true, false])
  })

  it('lasts while time passes that windows do not count, as far as the rules were asked about', () => {
    const asked: SlotFacts[] = []
    const naps = new Naps()
    naps.begin('a', phaseAt(0), slotAt(0), SLOT_MS, (later) => asked.push(later) > 0)
    const [{ time, clock }] = asked as [SlotFacts]
    expect(time).toBeGreaterThan(clock)
    const at = (later: number) => naps.isAsleep('a', { ...slotAt(2, later), clock: 200 })
    expect([time, time + 1].map(at)).toEqual([true, false])
  })

  it('ends when something happens', () => {
    const naps = asleep()
    expect(naps.isAsleep('a', slotAt(3))).toBe(true)
    naps.end('a')
    expect(naps.isAsleep('a', slotAt(3))).toBe(false)
  })

  it('is of one need alone', () => {
    expect(['a', 'b'].map((need) => asleep().isAsleep(need, slotAt(3)))).toEqual([true, false])
  })

  describe('in a phase in which others were', () => {
    /** When the rules are asked about later slots, and looked at, until an entry becomes lawful at `end`. */
    function efforts(naps: Naps, end: number, from = 0): { looks: number[]; asked: number[] } {
      const [looked, asked]: [number[], number[]] = [[], []]
      for (let n = from; ; n++) {
        if (naps.isAsleep('a', slotAt(n))) continue
        looked.push(n)
        if (n >= end) {
          naps.wake('a', phaseAt(n))
          return { looks: looked, asked }
        }
        naps.begin('a', phaseAt(n), slotAt(n), SLOT_MS, (later) => {
          asked.push(later.n)
          return later.n < end
        })
      }
    }

    const runs = (naps: Naps, end: number) => Array.from({ length: 10 }, () => efforts(naps, end)).at(-1)

    it('is one question and one look at the end, once a few have shown the way', () => {
      const naps = new Naps()
      expect(runs(naps, 20)).toEqual({ looks: [0, 20], asked: [19] })
      expect(efforts(naps, 20, 7)).toEqual({ looks: [7, 20], asked: [19] })
    })

    it('ends in the very slot in which an entry becomes lawful, wherever others found theirs', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 2, maxLength: 8 }), (ends) => {
          const naps = new Naps()
          for (const end of ends) {
            const { looks: looked, asked } = efforts(naps, end)
            expect(looked.at(-1)).toBe(end)
            expect(asked.length).toBeLessThanOrEqual(4 * looked.length)
          }
        }),
      )
    })

    it('follows windows that have become longer, and shorter', () => {
      const naps = new Naps()
      for (const end of [20, 60, 10]) expect(runs(naps, end)).toEqual({ looks: [0, end], asked: [end - 1] })
    })

    it('learns nothing from what was found without a nap, nor from another phase', () => {
      const naps = new Naps()
      naps.wake('a', phaseAt(9))
      naps.begin('b', phaseAt(0, 'FINAL'), slotAt(0), SLOT_MS, ({ n }) => n < 3)
      expect(efforts(naps, 20)).toEqual(efforts(new Naps(), 20))
    })
  })
})
