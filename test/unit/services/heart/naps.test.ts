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

/** Slots in which a need whose first entry becomes lawful at `end` is looked at, from its first look on until that entry. */
function looks(end: number): number[] {
  const naps = new Naps()
  const looked: number[] = []
  for (let n = 0; ; n++) {
    if (naps.isAsleep('a', slotAt(n))) continue
    looked.push(n)
    if (n >= end) return looked
    naps.begin('a', slotAt(n), SLOT_MS, (later) => later.n < end)
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

  it('ends by time as well, when slots come late', () => {
    const naps = new Naps()
    for (const n of [0, 1, 2, 3, 4]) naps.begin('a', slotAt(n), SLOT_MS, () => true)
    expect(naps.isAsleep('a', slotAt(5))).toBe(true)
    expect(naps.isAsleep('a', slotAt(5, 6 * SLOT_MS))).toBe(false)
  })

  it('ends when something happens, and the next one is short again', () => {
    const naps = new Naps()
    for (const n of [0, 1, 2, 3, 4, 6]) naps.begin('a', slotAt(n), SLOT_MS, () => true)
    expect(naps.isAsleep('a', slotAt(9))).toBe(true)
    naps.end('a')
    expect(naps.isAsleep('a', slotAt(9))).toBe(false)
    naps.begin('a', slotAt(9), SLOT_MS, () => true)
    expect(naps.isAsleep('a', slotAt(10))).toBe(false)
  })

  it('is of one need alone', () => {
    const naps = new Naps()
    for (const n of [0, 1, 2, 3, 4]) naps.begin('a', slotAt(n), SLOT_MS, () => true)
    expect([naps.isAsleep('a', slotAt(5)), naps.isAsleep('b', slotAt(5))]).toEqual([true, false])
  })

  it('asks nothing about later slots in a short window', () => {
    const naps = new Naps()
    const neverAsked = (): boolean => {
      throw new Error('asked')
    }
    for (const n of [0, 1, 2, 3]) naps.begin('a', slotAt(n), SLOT_MS, neverAsked)
    expect(() => naps.begin('a', slotAt(4), SLOT_MS, neverAsked)).toThrow('asked')
  })
})
