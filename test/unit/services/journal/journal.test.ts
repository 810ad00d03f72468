import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { parseCid } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { keyOfDid } from '../../../../src/codec/did/did-key.ts'
import { draftError } from '../../../../src/codec/journal/drafts.ts'
import { signedBytes } from '../../../../src/codec/signed/statement.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { PublicKey } from '../../../../src/model/ids.ts'
import {
  NET,
  OTHER_NET,
  openTestJournal,
  SIGNER,
  sampleDraft,
  sampleDrafts,
  shownLines,
  verifySample,
} from '../../../setup/journal.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { MemoryJournalStore, type Operation } from '../../../setup/memory-journal-store.ts'

const kinds = async (store: MemoryJournalStore) => (await shownLines(store)).map(({ kind }) => kind)

/** Lets what a timer began come to its end: the store in memory waits for nothing but promises. */
async function idle(): Promise<void> {
  await new Promise((done) => setImmediate(done))
}

describe('flush', () => {
  it('answers true when all that was appended is durable, under a seal', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    expect(journal.appendAll(sampleDrafts(7))).toBe(7)
    expect(await journal.flush()).toBe(true)
    expect(await verifySample(store.afterPowerCut())).toMatchObject({ lines: 9, seals: 1, unsealedLines: 0 })
  })

  it('writes once and syncs once, however many lines wait', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    journal.appendAll(sampleDrafts(300))
    await journal.flush()
    expect(store.calls.filter((call) => call === 'write' || call === 'sync')).toEqual(['write', 'sync'])
  })

  it('writes nothing when nothing was appended since the last', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    await journal.flush()
    expect(store.calls).toEqual(['list'])
    journal.append(sampleDraft(1))
    await journal.flush()
    const { length } = store.calls
    await journal.flush()
    expect(store.calls).toHaveLength(length)
  })

  it('covers all that was appended before the call, also while another is under way', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    journal.append(sampleDraft(1))
    const first = journal.flush()
    journal.append(sampleDraft(2))
    const second = journal.flush()
    await first
    journal.append(sampleDraft(3))
    const third = journal.flush()
    await second
    expect((await shownLines(store.afterPowerCut())).length).toBeGreaterThanOrEqual(3)
    await third
    expect(await kinds(store.afterPowerCut())).toEqual(
      expect.arrayContaining(['envelope.out', 'policy', 'entry']),
    )
    expect((await verifySample(store)).firstFault).toBeUndefined()
  })

  it('goes on where a short write ended', async () => {
    const store = new MemoryJournalStore()
    store.trouble.writeBytesMax = 100
    const { journal } = await openTestJournal(store)
    journal.appendAll(sampleDrafts(5))
    expect(await journal.flush()).toBe(true)
    expect(store.writes.length).toBeGreaterThan(10)
    expect(await verifySample(store)).toMatchObject({ lines: 7, unsealedLines: 0 })
  })
})

describe('the timer', () => {
  it('flushes within a second of the first line that waits, not before its time', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    clock.advance(400)
    journal.append(sampleDraft(2))
    await idle()
    expect(store.writes).toEqual([])
    clock.advance(600)
    await idle()
    expect(await verifySample(store)).toMatchObject({ lines: 4, unsealedLines: 0 })
  })

  it('rests while nothing is appended', async () => {
    const clock = new ManualClock()
    const { journal } = await openTestJournal(new MemoryJournalStore(), { clock })
    expect(clock.waiting).toBe(0)
    journal.append(sampleDraft(1))
    expect(clock.waiting).toBe(1)
    await journal.flush()
    expect(clock.waiting).toBe(0)
  })

  it('runs again for lines that came during a flush', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    const flushed = journal.flush()
    await Promise.resolve()
    journal.append(sampleDraft(2))
    await flushed
    clock.advance(1_000)
    await idle()
    expect(await verifySample(store)).toMatchObject({ unsealedLines: 0 })
    expect(await kinds(store)).toContain('policy')
  })

  it('is not awaited when enough bytes wait', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, { limits: { flushBytes: 2_000 } })
    journal.appendAll(sampleDrafts(3))
    await idle()
    expect(store.writes).toEqual([])
    journal.appendAll(sampleDrafts(3))
    await idle()
    expect(store.writes).toHaveLength(1)
  })

  it('cannot be set to more than a second', async () => {
    await expect(
      openTestJournal(new MemoryJournalStore(), { limits: { flushAfterMs: 1_001 } }),
    ).rejects.toThrow('a seal comes at least every second')
  })
})

describe('a segment', () => {
  it('begins with a header, once, and a new one follows when it is long enough', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, { limits: { segmentBytesMax: 3_000 } })
    for (let i = 0; i < 6; i++) {
      journal.appendAll(sampleDrafts(4))
      await journal.flush()
    }
    await journal.close()
    expect(await store.list()).toEqual([1, 2, 3])
    expect((await kinds(store)).filter((kind) => kind === 'open')).toHaveLength(3)
    for (const { bytes } of store.files.values()) expect(bytes.length).toBeLessThan(3_000 + 2_500)
    expect(await verifySample(store)).toMatchObject({ segments: 3, seals: 6, unsealedLines: 0 })
  })

  it('is made only when there is a line for it', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, { limits: { segmentBytesMax: 1 } })
    journal.append(sampleDraft(1))
    await journal.close()
    expect(await store.list()).toEqual([1])
  })
})

describe('a full disk', () => {
  it('loses nothing that the buffer can hold, and leaves no half line behind', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock })
    journal.appendAll(sampleDrafts(4))
    await journal.flush()
    const before = store.bytesOf(1).length
    store.trouble.room = before + 700
    journal.appendAll(sampleDrafts(4, 4))
    expect(await journal.flush()).toBe(false)
    expect(store.bytesOf(1)).toHaveLength(before)
    expect(journal.status()).toMatchObject({ full: true, lostLines: 0 })
    journal.appendAll(sampleDrafts(4, 8))
    store.trouble.room = Infinity
    clock.advance(1_000)
    await idle()
    expect(journal.status()).toMatchObject({ full: false, lostLines: 0, waitingLines: 0, waitingBytes: 0 })
    const verdict = await verifySample(store)
    expect(verdict).toMatchObject({ unsealedLines: 0 })
    expect((await kinds(store)).filter((kind) => kind !== 'seal')).toHaveLength(13)
  })

  it('is tried again by the timer alone, not by every line', async () => {
    const store = new MemoryJournalStore()
    store.trouble.room = 0
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock, limits: { flushBytes: 500 } })
    for (let i = 0; i < 20; i++) {
      journal.append(sampleDraft(i))
      await idle()
    }
    expect(store.calls.filter((call) => call === 'open')).toHaveLength(1)
    clock.advance(1_000)
    await idle()
    expect(store.calls.filter((call) => call === 'open')).toHaveLength(2)
  })

  it('is tried again though nothing more is appended', async () => {
    const store = new MemoryJournalStore()
    store.trouble.room = 0
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    expect(await journal.flush()).toBe(false)
    store.trouble.room = Infinity
    clock.advance(1_000)
    await idle()
    expect(await verifySample(store)).toMatchObject({ lines: 3, unsealedLines: 0 })
  })

  it('keeps no line after a dropped one before it has said so, though a part of the buffer was written', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, { limits: { bufferLinesMax: 12 } })
    store.trouble.room = 0
    journal.appendAll(sampleDrafts(4))
    await journal.flush()
    store.trouble.room = journal.status().waitingBytes
    expect(journal.appendAll(sampleDrafts(10))).toBe(6)
    expect(await journal.flush()).toBe(false)
    expect(journal.status().waitingLines).toBe(7)
    expect(journal.append(sampleDraft(1))).toBe(false)
    store.trouble.room = Infinity
    await journal.close()
    const lines = await shownLines(store)
    expect(lines.find(({ kind }) => kind === 'lost')).toMatchObject({ data: { lines: 5 } })
    expect(lines.slice(-3).map(({ kind }) => kind)).toEqual(['seal', 'lost', 'seal'])
  })

  it('drops what the buffer cannot hold, counts it, and says so before the next line that is kept', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock(1_000)
    const { journal } = await openTestJournal(store, { clock, limits: { bufferLinesMax: 10 } })
    store.trouble.room = 0
    expect(journal.appendAll(sampleDrafts(8))).toBe(8)
    await journal.flush()
    clock.advance(5)
    expect(journal.append(sampleDraft(9))).toBe(false)
    clock.advance(5)
    expect(journal.appendAll(sampleDrafts(2))).toBe(0)
    expect(journal.status().lostLines).toBe(3)
    store.trouble.room = Infinity
    expect(await journal.flush()).toBe(true)
    journal.append(draftError(undefined, { code: 'after', message: '' }))
    await journal.close()
    const lines = await shownLines(store)
    const lost = lines.findIndex(({ kind }) => kind === 'lost')
    expect(lines[lost]?.data).toEqual({ lines: 3, since: '1005000000', until: '1010000000' })
    expect(lines.slice(lost + 1).map(({ kind }) => kind)).toEqual(['seal', 'error', 'seal'])
    expect(await verifySample(store)).toMatchObject({ lines: lines.length, unsealedLines: 0 })
  })

  it('bounds the buffer by bytes too', async () => {
    const store = new MemoryJournalStore()
    store.trouble.room = 0
    const { journal } = await openTestJournal(store, { limits: { bufferBytesMax: 5_000 } })
    const kept = journal.appendAll(sampleDrafts(100))
    expect(kept).toBeGreaterThan(5)
    expect(journal.status().waitingBytes).toBeLessThan(6_000)
    expect(journal.status().lostLines).toBe(100 - kept)
  })

  it('stops no segment from being made later', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, { limits: { segmentBytesMax: 1_000 } })
    journal.appendAll(sampleDrafts(4))
    await journal.flush()
    store.trouble.room = store.bytesOf(1).length
    journal.appendAll(sampleDrafts(4))
    expect(await journal.flush()).toBe(false)
    journal.appendAll(sampleDrafts(4))
    expect(await journal.flush()).toBe(false)
    store.trouble.room = Infinity
    expect(await journal.flush()).toBe(true)
    expect(await verifySample(store)).toMatchObject({ segments: 3, unsealedLines: 0 })
  })

  it('is a fault when the journal closes, after which what was on disk is right', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    journal.append(sampleDraft(1))
    await journal.flush()
    store.trouble.room = store.bytesOf(1).length
    journal.append(sampleDraft(2))
    await expect(journal.close()).rejects.toMatchObject({ code: 'journal-full' })
    expect(await verifySample(store)).toMatchObject({ lines: 3, unsealedLines: 0 })
  })
})

describe('any other failure of the disk', () => {
  it.each(['open', 'write', 'sync'] as const)('at %s ends the journal for good', async (operation) => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal, faults } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    store.trouble.failing = operation
    const fault = await journal.flush().catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(FaultError)
    expect(fault).toMatchObject({ code: 'journal-io' })
    const { length } = store.calls
    expect(() => journal.append(sampleDraft(2))).toThrow(fault)
    await expect(journal.flush()).rejects.toBe(fault)
    clock.advance(10_000)
    await idle()
    await expect(journal.close()).rejects.toBe(fault)
    expect(store.calls).toHaveLength(length)
    expect(faults).toEqual([fault])
  })

  it('while a half written line is cut off ends the journal too', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    store.trouble.room = 100
    store.trouble.failing = 'truncate'
    journal.append(sampleDraft(1))
    await expect(journal.flush()).rejects.toMatchObject({ code: 'journal-io' })
  })

  it('in a flush that nobody waits for goes to onFault', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal, faults } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    store.trouble.failing = 'sync' satisfies Operation
    clock.advance(1_000)
    await idle()
    expect(faults).toMatchObject([{ code: 'journal-io' }])
  })
})

it('a seal is this node’s statement of the type journal-seal, in this network alone', async () => {
  const store = new MemoryJournalStore()
  const { journal } = await openTestJournal(store)
  journal.append(sampleDraft(1))
  await journal.close()
  const [, sealedLine, seal] = await shownLines(store)
  if (seal?.kind !== 'seal' || sealedLine === undefined) throw new Error('no seal')
  const { segment, n, chain, sig } = seal.data
  expect({ n, chain }).toEqual({ n: sealedLine.n, chain: sealedLine.chain })
  const body = { v: 1, node: SIGNER.node, segment, n, chain: Uint8Array.fromHex(chain), ts: seal.ts } as const
  const key = keyOfDid(SIGNER.node)
  const signedIn = (net: string) => {
    const cid = parseCid(net)
    if (!key.ok || !cid.ok) throw new Error('no key or network')
    const message = signedBytes('journal-seal', cid.value, encodeDagCbor(body))
    return nodeCrypto.verify(key.value as PublicKey, message, Uint8Array.fromBase64(sig))
  }
  expect(signedIn(NET)).toBe(true)
  expect(signedIn(OTHER_NET)).toBe(false)
})

describe('close', () => {
  it('seals, and does nothing the second time', async () => {
    const store = new MemoryJournalStore()
    const clock = new ManualClock()
    const { journal } = await openTestJournal(store, { clock })
    journal.append(sampleDraft(1))
    await journal.close()
    const { length } = store.calls
    await journal.close()
    expect(store.calls).toHaveLength(length)
    expect(clock.waiting).toBe(0)
    expect(await verifySample(store)).toMatchObject({ lines: 3, unsealedLines: 0 })
  })

  it('is the end: to append afterwards is a defect', async () => {
    const { journal } = await openTestJournal(new MemoryJournalStore())
    await journal.close()
    expect(() => journal.append(sampleDraft(1))).toThrow('closed journal')
  })
})

it('a list of lines bears one time, and each list its own', async () => {
  const store = new MemoryJournalStore()
  const clock = new ManualClock(1_000)
  const { journal } = await openTestJournal(store, { clock })
  journal.appendAll(sampleDrafts(2))
  clock.advance(7)
  journal.append(sampleDraft(2))
  await journal.close()
  const times = (await shownLines(store)).map(({ ts }) => ts)
  expect(times).toEqual(['1000000000', '1000000000', '1000000000', '1007000000', '1007000000'])
})

it('status tells the last line and what waits', async () => {
  const { journal } = await openTestJournal(new MemoryJournalStore())
  journal.appendAll(sampleDrafts(2))
  expect(journal.status()).toMatchObject({
    head: { n: 3 },
    segment: 1,
    waitingLines: 3,
    lostLines: 0,
    full: false,
  })
  await journal.flush()
  expect(journal.status()).toMatchObject({ head: { n: 4 }, waitingLines: 0, waitingBytes: 0 })
})
