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

  /** Sleeps for two slots: of the first nothing is asked, and the next time of two. */
  function asleep(need = 'a'): Naps {
    const naps = new Naps()
    for (const n of [0, 1]) naps.begin(need, phaseAt(n), slotAt(n), SLOT_MS, () => true)
    return naps
  }

  it('ends by the clock of windows as well, when slots come late', () => {
    const naps = asleep()
    const late = (clock: number, time = clock) => ({ ...slotAt(2, time), clock })
    expect([300, 301].map((clock) => naps.isAsleep('a', late(clock)))).toEqual([true, false])
    expect(naps.isAsleep('a', slotAt(4, 300))).toBe(false)
  })

  it('lasts while time passes that windows do not count, as far as the rules were asked about', () => {
    const asked: number[] = []
    const naps = new Naps()
    for (const n of [0, 1])
      naps.begin('a', phaseAt(n), slotAt(n), SLOT_MS, ({ time, clock }) => asked.push(time, clock) > 0)
    const [until, clock] = asked as [number, number]
    expect(until).toBeGreaterThan(clock)
    const at = (time: number) => naps.isAsleep('a', { ...slotAt(2, time), clock: 200 })
    expect([until, until + 1].map(at)).toEqual([true, false])
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

  it('asks nothing about later slots where none has waited before', () => {
    const naps = new Naps()
    const neverAsked = (): boolean => {
      throw new Error('asked')
    }
    naps.begin('a', phaseAt(0), slotAt(0), SLOT_MS, neverAsked)
    expect(() => naps.begin('b', phaseAt(0), slotAt(0), SLOT_MS, neverAsked)).toThrow('asked')
    expect(() => naps.begin('c', phaseAt(0, 'FINAL'), slotAt(0), SLOT_MS, neverAsked)).not.toThrow()
  })

  describe('in a phase whose end others have seen', () => {
    /** How often the rules are asked about later slots, and looked at, until an entry becomes lawful at `end`. */
    function efforts(naps: Naps, need: string, end: number, from = 0): { looks: number[]; asked: number[] } {
      const [looked, asked]: [number[], number[]] = [[], []]
      for (let n = from; ; n++) {
        if (naps.isAsleep(need, slotAt(n))) continue
        looked.push(n)
        if (n >= end) {
          naps.wake(need, phaseAt(n), SLOT_MS)
          return { looks: looked, asked }
        }
        naps.begin(need, phaseAt(n), slotAt(n), SLOT_MS, (later) => {
          asked.push(later.n)
          return later.n < end
        })
      }
    }

    it('is one question and one look at the end', () => {
      const naps = new Naps()
      efforts(naps, 'a', 20)
      expect(efforts(naps, 'b', 20)).toEqual({ looks: [0, 20], asked: [19] })
      expect(efforts(naps, 'c', 20, 7)).toEqual({ looks: [7, 20], asked: [19] })
    })

    it('ends in the very slot in which an entry becomes lawful, wherever others found theirs', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 2, maxLength: 8 }), (ends) => {
          const naps = new Naps()
          for (const [need, end] of ends.entries())
            expect(efforts(naps, `${need}`, end).looks.at(-1)).toBe(end)
        }),
      )
    })

    it('follows windows that have become longer, and shorter', () => {
      const naps = new Naps()
      for (const end of [20, 60, 10]) {
        efforts(naps, 'a', end)
        expect(efforts(naps, 'b', end)).toEqual({ looks: [0, end], asked: [end - 1] })
      }
    })

    it('learns nothing from what was found without a nap', () => {
      const naps = new Naps()
      const before = new Naps()
      naps.wake('a', phaseAt(9), SLOT_MS)
      expect(efforts(naps, 'b', 20)).toEqual(efforts(before, 'b', 20))
    })
  })
})
