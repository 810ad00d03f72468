import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidOf } from '../../../../src/codec/cid.ts'
import {
  activate,
  type Capsules,
  capsulesToFetch,
  mayOpenThread,
  openingCapsules,
  settle,
} from '../../../../src/core/policy/activation.ts'
import { unwrapped } from '../../../setup/policies.ts'
import { sha256 } from '../../../setup/policy-bodies.ts'

const [OLD, NEW, THIRD] = ['old', 'new', 'third'].map((text) =>
  cidOf(new TextEncoder().encode(text), sha256),
) as [ReturnType<typeof cidOf>, ReturnType<typeof cidOf>, ReturnType<typeof cidOf>]
const SETTLED: Capsules = { kind: 'settled', current: OLD }
const WINDOW = { capsule: NEW, from: 100, until: 200 }
const CHANGING = unwrapped(activate(SETTLED, WINDOW, 50))

const opens = (slot: number) => openingCapsules(CHANGING, slot).map(String)

describe('two capsules for a window of slots', () => {
  it('before it the old one opens threads, within it both, after it the new one', () => {
    expect(opens(50)).toEqual([String(OLD)])
    expect(opens(99)).toEqual([String(OLD)])
    expect(opens(100)).toEqual([String(OLD), String(NEW)])
    expect(opens(199)).toEqual([String(OLD), String(NEW)])
    expect(opens(200)).toEqual([String(NEW)])
    expect(opens(1_000_000)).toEqual([String(NEW)])
  })

  it('another capsule opens none, by WRONG_CAPSULE', () => {
    for (const slot of [0, 100, 200]) {
      expect(mayOpenThread(CHANGING, THIRD, slot)).toMatchObject({ error: { code: 'WRONG_CAPSULE' } })
    }
    expect(mayOpenThread(CHANGING, NEW, 99).ok).toBe(false)
    expect(mayOpenThread(CHANGING, OLD, 200).ok).toBe(false)
    expect(mayOpenThread(CHANGING, NEW, 150).ok && mayOpenThread(CHANGING, OLD, 150).ok).toBe(true)
  })

  it('there is one window at a time', () => {
    expect(activate(CHANGING, { capsule: THIRD, from: 300, until: 400 }, 150)).toMatchObject({
      error: { code: 'CONFLICT' },
    })
    expect(activate(CHANGING, { capsule: THIRD, from: 300, until: 400 }, 200).ok).toBe(true)
  })

  it('a window begins later and ends after it began; the current capsule is not activated again', () => {
    for (const wrong of [{ from: 50 }, { from: 49 }, { until: 100 }, { until: 99 }]) {
      expect(activate(SETTLED, { ...WINDOW, ...wrong }, 50)).toMatchObject({ error: { code: 'MALFORMED' } })
    }
    expect(activate(SETTLED, { ...WINDOW, capsule: OLD }, 50)).toMatchObject({ error: { code: 'DUPLICATE' } })
  })

  it('what a node lacks of them is to be fetched, the new one from the day it is planned', () => {
    expect(capsulesToFetch(CHANGING, (cid) => cid.equals(OLD)).map(String)).toEqual([String(NEW)])
    expect(capsulesToFetch(SETTLED, () => false).map(String)).toEqual([String(OLD)])
    expect(capsulesToFetch(CHANGING, () => true)).toEqual([])
  })

  it('whenever it is settled in between, the same capsules open threads', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)]
        const through = openingCapsules(settle(CHANGING, early), late).map(String)
        expect(through).toEqual(openingCapsules(CHANGING, late).map(String))
        expect([1, 2]).toContain(through.length)
      }),
    )
  })
})
