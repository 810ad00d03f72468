import { beforeAll, describe, expect, it } from 'vitest'
import {
  type ShowFilter,
  type ShownLine,
  showJournal,
} from '../../../../src/services/journal/show-journal.ts'
import { openTestJournal, sampleDraft, THREAD } from '../../../setup/journal.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { MemoryJournalStore } from '../../../setup/memory-journal-store.ts'

const SECOND = 1_000_000_000n

async function show(store: MemoryJournalStore, filter?: ShowFilter): Promise<readonly ShownLine[]> {
  const shown: ShownLine[] = []
  for await (const line of showJournal(store, filter)) shown.push(line)
  return shown
}

describe('showJournal', () => {
  let store: MemoryJournalStore

  const numbers = async (filter?: ShowFilter) =>
    (await show(store, filter)).map((shown) => ('line' in shown ? shown.line.n : -1))
  const kinds = async (filter?: ShowFilter) =>
    (await show(store, filter)).map((shown) => ('line' in shown ? shown.line.kind : 'fault'))

  /** A line a second, a flush every three, several segments. */
  beforeAll(async () => {
    store = new MemoryJournalStore()
    const clock = new ManualClock(0)
    const { journal } = await openTestJournal(store, {
      clock,
      limits: { segmentBytesMax: 2_500, flushAfterMs: 1_000 },
    })
    for (let i = 0; i < 21; i++) {
      clock.advance(999)
      journal.append(sampleDraft(i))
      clock.advance(1)
      if (i % 3 === 2) await journal.flush()
    }
    await journal.close()
    expect(store.files.size).toBeGreaterThan(3)
  })

  it('gives every line in order, with its segment', async () => {
    const all = await show(store)
    expect(await numbers()).toEqual(all.map((_, i) => i + 1))
    expect(all.map(({ segment }) => segment)).toEqual(
      all.map(({ segment }) => segment).toSorted((a, b) => a - b),
    )
    expect(all[0]).toMatchObject({ segment: 1, line: { kind: 'open', n: 1 } })
  })

  it('gives the lines of one thread', async () => {
    const shown = await kinds({ thread: THREAD })
    expect(shown).not.toContain('seal')
    expect(shown).not.toContain('effect')
    expect(shown).toHaveLength(15)
  })

  it('gives lines of some kinds', async () => {
    expect(new Set(await kinds({ kinds: ['seal', 'open'] }))).toEqual(new Set(['open', 'seal']))
    expect(await kinds({ kinds: ['error'], thread: THREAD })).toEqual([])
  })

  it('gives numbers from and to, both included, without reading other segments to their end', async () => {
    expect(await numbers({ from: 5, to: 8 })).toEqual([5, 6, 7, 8])
    const total = (await numbers()).length
    for (let from = 1; from <= total; from++) {
      expect(await numbers({ from, to: from })).toEqual([from])
    }
    const before = store.reads.length
    await numbers({ from: total })
    const reads = store.reads.slice(before)
    expect(reads.filter((segment) => segment === 1)).toHaveLength(0) // not even its first line
    expect(reads.filter((segment) => segment === store.files.size)).toHaveLength(2)
  })

  it('gives times since, included, and until, not included', async () => {
    const shown = await show(store, {
      since: 5n * SECOND,
      until: 8n * SECOND,
      kinds: ['envelope.out', 'error', 'agent'],
    })
    for (const one of shown) {
      const ts = 'line' in one ? BigInt(one.line.ts) : 0n
      expect(ts).toBeGreaterThanOrEqual(5n * SECOND)
      expect(ts).toBeLessThan(8n * SECOND)
    }
    const exact =
      'line' in (shown[0] as ShownLine) ? BigInt((shown[0] as { line: { ts: string } }).line.ts) : 0n
    expect((await show(store, { since: exact, until: exact + 1n })).length).toBeGreaterThan(0)
    expect(await show(store, { since: exact, until: exact })).toEqual([])
  })

  it('gives the last so many of what the rest lets through, from the newest segments alone', async () => {
    const all = await numbers()
    for (const last of [0, 1, 2, 7, 20, 1_000]) {
      expect(await numbers({ last })).toEqual(last === 0 ? [] : all.slice(-last))
    }
    expect(await kinds({ thread: THREAD, last: 2 })).toEqual((await kinds({ thread: THREAD })).slice(-2))
    const before = store.reads.length
    await numbers({ last: 1 })
    expect(new Set(store.reads.slice(before))).toEqual(new Set([store.files.size]))
  })

  it('gives the place of a line that cannot be read, whatever the filter, and goes on', async () => {
    const text = Buffer.from(store.bytesOf(1)).toString()
    const broken = text.replace('"kind":"envelope.out"', '"kind":"envelope.off"').replace('"gas":', '"gas_":')
    const damaged = MemoryJournalStore.of([[1, Buffer.from(broken)]])
    const faults = (await show(damaged)).filter((shown) => 'fault' in shown)
    expect(faults).toMatchObject([
      { segment: 1, lineOfSegment: 3, fault: { reason: 'not-a-line' } },
      { segment: 1, lineOfSegment: 4, fault: { reason: 'bad-data' } },
    ])
    expect((await show(damaged)).length).toBe(text.split('\n').length - 1)
    expect(await show(damaged, { kinds: ['lost'] })).toMatchObject([{ lineOfSegment: 3 }])
  })

  it('leaves half a line at the end out', async () => {
    const bytes = store.bytesOf(1)
    const half = MemoryJournalStore.of([[1, bytes.slice(0, -5)]])
    const whole = await show(MemoryJournalStore.of([[1, bytes]]))
    expect(await show(half)).toEqual(whole.slice(0, -1))
  })

  it('gives nothing of an empty journal', async () => {
    expect(await show(new MemoryJournalStore())).toEqual([])
    expect(await show(new MemoryJournalStore(), { last: 3, from: 2 })).toEqual([])
  })
})
