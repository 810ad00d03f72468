import { describe, expect, it } from 'vitest'
import type { ReadBody } from '../../../../src/codec/envelope/read-body.ts'
import { OwnBatches } from '../../../../src/services/heart/own-batches.ts'

const HOUR_MS = 3_600_000
const BATCH = new Uint8Array([1])

function kept() {
  let now = 0
  const own = new OwnBatches({ monotonicMs: () => now })
  own.add(BATCH, [{ id: 'one', body: { payload: {} } } as unknown as ReadBody])
  const due = (atMs: number, isDone = false): number => {
    now = atMs
    return [...own.due(() => isDone)].length
  }
  return { own, due }
}

/** When it is said again, of all tenths of a second until then. */
function saidAt(due: (atMs: number) => number, untilMs: number): readonly number[] {
  const times: number[] = []
  for (let at = 0; at <= untilMs; at += 100) if (due(at) > 0) times.push(at)
  return times
}

describe('what a node said and no entry carries', () => {
  it('is said again each second for a minute, and then more rarely, however long it is cut off', () => {
    const { due } = kept()
    const seconds = Array.from({ length: 60 }, (_, n) => 1_000 * (n + 1))
    expect(saidAt(due, 125_000)).toEqual([...seconds, 90_000, 120_000])
  })

  it('is said again at once when somebody is back', () => {
    const { own, due } = kept()
    saidAt(due, 95_000)
    expect(due(96_000)).toBe(0)
    own.hurry()
    expect(due(96_100)).toBe(1)
    expect(due(97_000)).toBe(0)
  })

  it('is said no more once an entry carried it', () => {
    const { own, due } = kept()
    own.carried('one' as never)
    expect(due(1_000)).toBe(0)
  })

  it('is said no more for the sake of what no entry follows from', () => {
    const words = [
      { id: 'plan', body: { kind: 'UPDATE_PLAN', payload: {} } },
      { id: 'two', body: { kind: 'TRANSFER', payload: {} } },
    ] as unknown as ReadBody[]
    const own = new OwnBatches({ monotonicMs: () => 1_000_000 })
    own.add(BATCH, words)
    own.hurry()
    expect([...own.due(() => false)]).toHaveLength(1)
    own.carried('two' as never)
    own.hurry()
    expect([...own.due(() => false)]).toEqual([])
  })

  it('is given up after an hour', () => {
    const { due } = kept()
    expect(due(HOUR_MS)).toBe(1)
    expect(due(HOUR_MS + 1)).toBe(0)
    expect(due(HOUR_MS + 60_000)).toBe(0)
  })
})
