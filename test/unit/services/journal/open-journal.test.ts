import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import type { Head } from '../../../../src/codec/journal/line.ts'
import {
  journalSigner,
  OTHER_NET,
  openTestJournal,
  sampleDraft,
  sampleDrafts,
  sha256Hex,
  shownLines,
  verifySample,
  writeSample,
} from '../../../setup/journal.ts'
import { MemoryJournalStore } from '../../../setup/memory-journal-store.ts'

const limits = { segmentBytesMax: 2_500 }

/** A store of its own with the same segments. */
function copyOf(store: MemoryJournalStore): MemoryJournalStore {
  return MemoryJournalStore.of([...store.files].map(([segment, { bytes }]) => [segment, bytes] as const))
}

function replace(store: MemoryJournalStore, segment: number, bytes: Uint8Array): MemoryJournalStore {
  const others = [...store.files].map(([number, file]) => [number, file.bytes] as const)
  return MemoryJournalStore.of([
    ...others.filter(([number]) => number !== segment),
    [segment, bytes] as const,
  ])
}

/** Where each line of a segment starts, and where the last ends. */
function startsOf(bytes: Uint8Array): readonly number[] {
  const starts = [0]
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1)
  return starts
}

async function headOf(store: MemoryJournalStore): Promise<Head> {
  return (await verifySample(store)).head
}

describe('openJournal', () => {
  /** Two segments; the last has two flushes. */
  let sample: MemoryJournalStore
  let last: Uint8Array
  let starts: readonly number[]
  let head: Head

  beforeAll(async () => {
    sample = new MemoryJournalStore()
    await writeSample(sample, { flushes: 4, lines: 4, limits })
    last = sample.bytesOf(2)
    starts = startsOf(last)
    head = await headOf(sample)
    expect([...sample.files.keys()]).toEqual([1, 2])
    expect((await verifySample(sample)).seals).toBe(4)
  })

  /** Opens, appends a line and closes: the journal must be right then, and hold what it held up to `kept`. */
  async function goOn(store: MemoryJournalStore, kept: Head, given = {}) {
    const opened = await openTestJournal(store, given)
    opened.journal.append(sampleDraft(6))
    await opened.journal.close()
    const verdict = await verifySample(store, kept)
    return { ...opened, verdict }
  }

  it('goes on with the next number and the chain, in the same segment, and writes nothing by itself', async () => {
    const store = copyOf(sample)
    const { journal, torn, damage } = await openTestJournal(store)
    await journal.close()
    expect(Buffer.compare(store.bytesOf(2), last)).toBe(0)
    expect([torn, damage]).toEqual([undefined, undefined])
    const { verdict } = await goOn(store, head)
    expect(verdict).toMatchObject({ head: { n: head.n + 2 }, segments: 2, unsealedLines: 0 })
    expect(verdict.firstFault).toBeUndefined()
  })

  it('reads the last segment alone', async () => {
    const store = copyOf(sample)
    await openTestJournal(store)
    expect(new Set(store.reads)).toEqual(new Set([2]))
  })

  it('reads the one before too when the last has no seal yet', async () => {
    const store = replace(sample, 2, last.slice(0, starts[2]))
    await openTestJournal(store)
    expect(new Set(store.reads)).toEqual(new Set([1, 2]))
  })

  it('cuts a torn last line off at every byte, keeps the piece, says so, and goes on', async () => {
    const from = starts.at(-2) as number
    const before = { n: head.n - 1 }
    for (let end = from + 1; end < last.length; end++) {
      const store = replace(sample, 2, last.slice(0, end))
      const kept = await headOf(store)
      const piece = last.slice(from, end)
      const { torn, damage, verdict } = await goOn(store, kept)
      expect(kept.n).toBe(before.n)
      expect(damage).toBeUndefined()
      const sha256 = sha256Hex(piece)
      expect(torn).toEqual({ segment: 2, offset: from, bytes: piece.length, sha256, file: '00000002.torn-1' })
      expect(store.kept).toEqual([{ segment: 2, name: '00000002.torn-1', bytes: piece }])
      expect(verdict.firstFault).toBeUndefined()
      expect(verdict).toMatchObject({ head: { n: before.n + 3 }, unsealedLines: 0 })
    }
  })

  it('says in the first new line what was cut off', async () => {
    const store = replace(sample, 2, last.slice(0, -10))
    const { torn } = await goOn(store, await headOf(store))
    const line = (await shownLines(store)).find(({ n }) => n === head.n)
    expect(line).toMatchObject({ kind: 'recovered', data: torn })
  })

  it('begins a journal or segment anew whose header was torn, at every byte', async () => {
    const first = sample.bytesOf(1)
    const firstHeader = startsOf(first)[1] as number
    for (let end = 0; end < firstHeader; end += 3) {
      const store = MemoryJournalStore.of([[1, first.slice(0, end)]])
      const { verdict } = await goOn(store, { n: 0, chain: head.chain })
      expect(verdict).toMatchObject({ lines: end === 0 ? 3 : 4, segments: 1, unsealedLines: 0 })
      expect(verdict.firstFault).toBeUndefined()
    }
    const kept = await headOf(MemoryJournalStore.of([[1, first]]))
    for (let end = 0; end < (starts[1] as number); end += 3) {
      const { verdict, torn } = await goOn(replace(sample, 2, last.slice(0, end)), kept)
      expect(verdict).toMatchObject({ segments: 2, unsealedLines: 0 })
      expect(verdict.firstFault).toBeUndefined()
      expect(torn?.bytes).toBe(end === 0 ? undefined : end)
    }
  })

  it.each([
    ['zeros', new Uint8Array(5_000)],
    ['zeros with newlines', new Uint8Array(5_000).map((_, i) => (i % 99 === 0 ? 0x0a : 0))],
    ['bytes of something else', new Uint8Array(5_000).map((_, i) => (i * 31) % 256)],
    ['a line over the limit', new Uint8Array(200_000).fill(0x61)],
  ])('cuts off a tail of %s behind the last seal', async (_, tail) => {
    const store = replace(sample, 2, concatBytes(last, tail))
    const { torn, damage, verdict } = await goOn(store, head)
    expect(damage).toBeUndefined()
    expect(torn).toMatchObject({ offset: last.length, bytes: tail.length, sha256: sha256Hex(tail) })
    expect(store.kept[0]?.bytes).toEqual(tail)
    expect(verdict.firstFault).toBeUndefined()
  })

  describe('with a seal behind what is wrong', () => {
    const spoil = (from: number, to: number, byte: number) => {
      const bytes = Uint8Array.from(last)
      bytes.fill(byte, from, to)
      return replace(sample, 2, bytes)
    }

    it('cuts off the last write from a hole of zeros on, though its seal came to disk', async () => {
      for (const line of [2, 3, 4]) {
        const from = starts.at(-line - 1) as number
        const store = spoil(from + 20, from + 60, 0)
        const kept = await headOf(store)
        const { torn, verdict } = await goOn(store, kept)
        expect(torn).toMatchObject({ offset: from, bytes: last.length - from })
        expect(verdict.firstFault).toBeUndefined()
      }
    })

    it('takes for damage what is no hole, or a hole before the last write', async () => {
      const inLast = (starts.at(-4) as number) + 20
      const inFirst = (starts[2] as number) + 20
      for (const store of [
        spoil(inLast, inLast + 40, 0x61),
        spoil(inLast, inLast + 7, 0),
        spoil(inFirst, inFirst + 40, 0),
      ]) {
        const { torn, damage } = await openTestJournal(store)
        expect(torn).toBeUndefined()
        expect(damage?.segment).toBe(2)
      }
    })
  })

  it('keeps right lines that no seal covers, and seals them', async () => {
    const store = replace(sample, 2, last.slice(0, starts.at(-3)))
    const kept = await headOf(store)
    const { journal, torn } = await openTestJournal(store)
    await journal.close()
    expect(torn).toBeUndefined()
    expect(await verifySample(store, kept)).toMatchObject({ head: { n: kept.n + 1 }, unsealedLines: 0 })
  })

  it('cuts off a last seal that this node did not sign', async () => {
    const store = replace(sample, 2, last.slice(0, starts.at(-3)))
    const foreign = await openTestJournal(store, {
      signer: { ...journalSigner(1), signSeal: journalSigner(2).signSeal },
    })
    await foreign.journal.close()
    const { torn, verdict } = await goOn(store, {
      n: 1,
      chain: (await shownLines(store))[0]?.chain ?? head.chain,
    })
    expect(torn).toMatchObject({ offset: starts.at(-3) })
    expect(verdict.firstFault).toBeUndefined()
  })

  it('changes nothing where a line before a valid seal is wrong, and goes on in a new segment', async () => {
    const lastSeal = starts.length - 2
    for (let line = 0; line < lastSeal; line++) {
      const bytes = Uint8Array.from(last)
      const at = (starts[line] as number) + 30
      bytes[at] = (bytes[at] as number) ^ 1
      const store = replace(sample, 2, bytes)
      const { torn, damage, journal } = await openTestJournal(store)
      expect(torn).toBeUndefined()
      expect(damage).toMatchObject({ segment: 2, line: line + 1 })
      await journal.close()
      expect(Buffer.compare(store.bytesOf(2), bytes)).toBe(0)
      expect((await shownLines(store)).at(-2)).toMatchObject({ n: head.n + 2, kind: 'damaged', data: damage })
      expect((await verifySample(store)).firstFault).toMatchObject({ segment: 2, line: line + 1 })
      const third = MemoryJournalStore.of([[3, store.bytesOf(3)]])
      expect((await verifySample(third)).firstFault).toBeUndefined()
      expect((await shownLines(third))[0]).toMatchObject({ kind: 'open', data: { prev: head.chain } })
    }
  })

  it('takes more than one write can leave for damage', async () => {
    const tail = new Uint8Array(2_001)
    const store = replace(sample, 2, concatBytes(last, tail))
    const { damage } = await openTestJournal(store, { limits: { bufferBytesMax: 1_000 } })
    expect(damage).toEqual({ segment: 2, line: starts.length, reason: 'line-end' })
    const smaller = replace(sample, 2, concatBytes(last, tail.subarray(1)))
    expect((await openTestJournal(smaller, { limits: { bufferBytesMax: 1_000 } })).torn?.bytes).toBe(2_000)
  })

  it('takes a whole header that does not follow the segment before for damage', async () => {
    const first = sample.bytesOf(1)
    const store = MemoryJournalStore.of([
      [1, first.slice(0, startsOf(first).at(-2))],
      [2, last.slice(0, starts[2])],
    ])
    const { damage, torn } = await openTestJournal(store)
    expect(damage).toMatchObject({ segment: 2, line: 1, reason: 'wrong-header' })
    expect(torn).toBeUndefined()
  })

  it('finds damage in the segment before a last one without seal', async () => {
    const first = Uint8Array.from(sample.bytesOf(1))
    first[40] = (first[40] as number) ^ 1
    const store = MemoryJournalStore.of([
      [1, first],
      [2, last.slice(0, starts[2])],
    ])
    const { damage, journal } = await openTestJournal(store)
    expect(damage).toMatchObject({ segment: 1, line: 1 })
    await journal.close()
    expect(await store.list()).toEqual([1, 2, 3])
  })

  it('refuses the journal of another node or network, or of a newer format, and changes nothing', async () => {
    const newer = Buffer.from(Buffer.from(last).toString().replace('"v":1', '"v":2'))
    const cases = [
      [copyOf(sample), { signer: journalSigner(2) }, /^segment 2 of the journal: journal of did:key/],
      [copyOf(sample), { net: OTHER_NET }, /journal of network/],
      [replace(sample, 2, Uint8Array.from(newer)), {}, /format 2 is newer/],
    ] as const
    for (const [store, given, message] of cases) {
      const before = copyOf(store)
      await expect(openTestJournal(store, given)).rejects.toMatchObject({ code: 'journal-damaged', message })
      expect(store.files).toEqual(before.files)
      expect(store.kept).toEqual([])
    }
  })

  it('refuses to guess where to go on when the only header is gone', async () => {
    const store = MemoryJournalStore.of([[5, new Uint8Array(10)]])
    await expect(openTestJournal(store)).rejects.toMatchObject({ code: 'journal-damaged' })
  })

  it('begins a segment when the rule that judges signatures is another', async () => {
    const store = copyOf(sample)
    const { verdict } = await goOn(store, head, { rule: 'zip215/2' })
    expect(verdict.firstFault).toBeUndefined()
    const [header] = await shownLines(MemoryJournalStore.of([[3, store.bytesOf(3)]]))
    expect(header).toMatchObject({ n: head.n + 1, kind: 'open', data: { segment: 3, rule: 'zip215/2' } })
  })

  it('can be interrupted between keeping a torn tail and cutting it off', async () => {
    for (const operation of ['keep', 'open', 'truncate', 'sync'] as const) {
      const store = replace(sample, 2, last.slice(0, -10))
      const kept = await headOf(store)
      store.trouble.failing = operation
      await expect(openTestJournal(store)).rejects.toMatchObject({ code: 'journal-io' })
      const { verdict } = await goOn(store.afterPowerCut(), kept)
      expect(verdict.firstFault).toBeUndefined()
    }
  })

  it('keeps what flush acknowledged through power cuts that tear the last write anyhow', async () => {
    const part = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }))
    const tear = fc.record({
      flushes: fc.integer({ min: 0, max: 4 }),
      lines: fc.integer({ min: 1, max: 12 }),
      kept: part,
      holes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(tear, { minLength: 1, maxLength: 4 }), async (cuts) => {
        let store = new MemoryJournalStore()
        for (const { flushes, lines, kept, holes } of cuts) {
          const { journal, damage } = await openTestJournal(store, { limits })
          expect(damage).toBeUndefined()
          for (let i = 0; i < flushes; i++) {
            journal.appendAll(sampleDrafts(lines, i))
            expect(await journal.flush()).toBe(true)
          }
          const acknowledged = journal.status().head
          journal.appendAll(sampleDrafts(lines))
          store.trouble.failing = 'sync'
          await journal.flush().catch(() => undefined)
          store = tornStore(store, kept, holes)
          const expected = flushes === 0 ? undefined : acknowledged
          const { journal: next, damage: damageNext } = await openTestJournal(store, { limits })
          expect(damageNext).toBeUndefined()
          await next.close()
          expect((await verifySample(store, expected)).firstFault).toBeUndefined()
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** What is left when of the unsynced bytes only a part came to disk, without some sectors in between. */
function tornStore(store: MemoryJournalStore, kept: number, holes: readonly number[]): MemoryJournalStore {
  return MemoryJournalStore.of(
    [...store.files].map(([segment, { bytes, durable }]) => {
      const unsynced = bytes.length - durable.length
      const left = bytes.slice(0, durable.length + Math.floor(unsynced * kept))
      for (const hole of holes) {
        const at = durable.length + Math.floor((left.length - durable.length) * hole)
        left.fill(0, at, at + 512)
      }
      return [segment, left] as const
    }),
  )
}
