import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { draftOwn, type LineDraft } from '../../../../src/codec/journal/drafts.ts'
import { LineEncoder } from '../../../../src/codec/journal/encoder.ts'
import type { HashHex, NanoText } from '../../../../src/codec/journal/kinds.ts'
import { LINE_BYTES_MAX } from '../../../../src/codec/journal/limits.ts'
import { type Head, START } from '../../../../src/codec/journal/line.ts'
import {
  type JournalFault,
  type JournalVerdict,
  type VerifyExpectation,
  verifyJournal,
} from '../../../../src/services/journal/verify-journal.ts'
import {
  journalSigner,
  NET,
  OTHER_NET,
  openTestJournal,
  RULE,
  SIGNER,
  sampleBody,
  sampleDraft,
  sampleDrafts,
  sha256Hex,
  THREAD,
  verifySeal,
  writeSample,
} from '../../../setup/journal.ts'
import { MemoryJournalStore } from '../../../setup/memory-journal-store.ts'

type Segments = readonly (readonly Uint8Array[])[]

const verify = (store: MemoryJournalStore, expected?: VerifyExpectation): Promise<JournalVerdict> =>
  verifyJournal(store, { sha256Hex, verifySeal }, expected)

/** The lines of each segment, each with its newline. */
function linesOf(store: MemoryJournalStore): Segments {
  return [...store.files.keys()].sort((a, b) => a - b).map((segment) => cut(store.bytesOf(segment)))
}

function cut(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at) + 1
    lines.push(bytes.slice(at, end))
    at = end
  }
  return lines
}

/** Verifies segments 1, 2, … with these lines. */
function verifyLines(segments: Segments, expected?: VerifyExpectation): Promise<JournalVerdict> {
  return verify(MemoryJournalStore.of(segments.map((lines, i) => [i + 1, concatBytes(...lines)])), expected)
}

/** The same with the lines of one segment changed. */
function changed(segments: Segments, segment: number, change: (lines: Uint8Array[]) => void): Segments {
  return segments.map((lines, i) => {
    if (i !== segment - 1) return lines
    const copy = [...lines]
    change(copy)
    return copy
  })
}

function expectFault(verdict: JournalVerdict, fault: Partial<JournalFault>): void {
  expect(verdict.firstFault).toMatchObject(fault)
}

describe('verifyJournal', () => {
  let sealed: Segments
  let bytes: readonly Uint8Array[]
  let head: Head

  beforeAll(async () => {
    const store = new MemoryJournalStore()
    await writeSample(store, { flushes: 6, lines: 5, limits: { segmentBytesMax: 4_000 } })
    sealed = linesOf(store)
    bytes = sealed.map((lines) => concatBytes(...lines))
    const verdict = await verify(store)
    head = verdict.head
  })

  it('finds a journal of several segments right and counts it', async () => {
    const verdict = await verifyLines(sealed, { node: SIGNER.node, net: NET, head })
    expect(sealed.length).toBeGreaterThanOrEqual(3)
    expect(verdict).toEqual({
      lines: sealed.flat().length,
      seals: 6,
      segments: sealed.length,
      owner: { node: SIGNER.node, net: NET },
      head: { n: sealed.flat().length, chain: head.chain },
      firstSegment: 1,
      unsealedLines: 0,
    })
  })

  it('finds an empty journal right', async () => {
    expect(await verify(new MemoryJournalStore())).toMatchObject({ lines: 0, head: START })
  })

  it('names exactly the line of any one flipped bit, and a reason (1,000 samples)', async () => {
    const sizes = bytes.map((segment) => segment.length)
    const place = fc
      .integer({ min: 0, max: sizes.length - 1 })
      .chain((segment) =>
        fc.tuple(fc.constant(segment), fc.integer({ min: 0, max: (sizes[segment] as number) - 1 })),
      )
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 7 }), async ([segment, at], bit) => {
        await expectNamed(segment, at, (byte) => byte ^ (1 << bit))
      }),
      { numRuns: 1_000 },
    )
  })

  it('names exactly the line of any one changed byte of a line of each kind', async () => {
    let offset = 0
    for (const line of (sealed[0] as Uint8Array[]).slice(0, 10)) {
      for (let i = 0; i < line.length; i += 3)
        await expectNamed(0, offset + i, (byte) => (byte + 1 + (i % 250)) % 256)
      offset += line.length
    }
  })

  it('names the line whose newline was changed, also the last of all', async () => {
    for (const [segment, lines] of sealed.entries()) {
      let end = 0
      for (const line of lines) {
        end += line.length
        for (const byte of [0x00, 0x0b, 0x0d, 0x20]) await expectNamed(segment, end - 1, () => byte)
      }
    }
  })

  /** A changed newline joins two lines, and the first of them is named. */
  async function expectNamed(segment: number, at: number, change: (byte: number) => number): Promise<void> {
    const copies = bytes.map((one) => Uint8Array.from(one))
    const copy = copies[segment] as Uint8Array
    copy[at] = change(copy[at] as number)
    const before = Buffer.from((bytes[segment] as Uint8Array).subarray(0, at)).toString('latin1')
    const line = before.split('\n').length
    const { firstFault } = await verify(MemoryJournalStore.of(copies.map((one, i) => [i + 1, one])))
    expect(firstFault).toMatchObject({ segment: segment + 1, line, byteOffset: before.lastIndexOf('\n') + 1 })
    expect(firstFault?.reason).toBeTypeOf('string')
    expect(firstFault?.message).not.toBe('')
  }

  it('names the first line that does not follow when one was taken out', async () => {
    const verdict = await verifyLines(changed(sealed, 2, (lines) => lines.splice(4, 1)))
    const n = (sealed[0] as Uint8Array[]).length + 6
    expectFault(verdict, { segment: 2, line: 5, n, reason: 'wrong-number' })
  })

  it('names the second of two lines that are the same', async () => {
    const verdict = await verifyLines(
      changed(sealed, 1, (lines) => lines.splice(4, 0, lines[3] as Uint8Array)),
    )
    expectFault(verdict, { segment: 1, line: 5, n: 4, reason: 'wrong-number' })
  })

  it('names the first of two lines that changed places', async () => {
    const verdict = await verifyLines(
      changed(sealed, 1, (lines) => lines.splice(3, 2, lines[4] as Uint8Array, lines[3] as Uint8Array)),
    )
    expectFault(verdict, { segment: 1, line: 4, n: 5, reason: 'wrong-number' })
  })

  it('names the line after one that was put in with a right number and chain', async () => {
    const forged = new Forger(sealed[0] as Uint8Array[], 5)
    const line = forged.line(sampleDraft(6))
    expectFault(await verifyLines(changed(sealed, 1, (lines) => lines.splice(5, 0, line))), {
      segment: 1,
      line: 7,
      reason: 'wrong-number',
    })
  })

  it('names the line where a segment in the middle was cut off', async () => {
    const last = (sealed[0] as Uint8Array[]).length
    const cutOff = await verifyLines(changed(sealed, 1, (lines) => lines.splice(-2)))
    expectFault(cutOff, { segment: 2, line: 1, reason: 'wrong-header' })
    const half = await verifyLines(
      changed(sealed, 1, (lines) => {
        lines[last - 1] = (lines[last - 1] as Uint8Array).slice(0, 50)
      }),
    )
    expectFault(half, { segment: 1, line: last, reason: 'line-end' })
    const none = await verifyLines(changed(sealed, 2, (lines) => lines.splice(0)))
    expectFault(none, { segment: 2, line: 1, byteOffset: 0, reason: 'wrong-header' })
  })

  it('names a segment that is missing in the middle', async () => {
    const store = MemoryJournalStore.of([
      [1, bytes[0] as Uint8Array],
      [3, bytes[2] as Uint8Array],
    ])
    expectFault(await verify(store), { segment: 2, line: 1, reason: 'segment-missing' })
  })

  it('names the header of a segment that stands in the place of another', async () => {
    const [first, second, third] = sealed as [Uint8Array[], Uint8Array[], Uint8Array[]]
    expectFault(await verifyLines([first, third, second]), { segment: 2, line: 1, reason: 'wrong-header' })
    expectFault(await verifyLines([second]), { segment: 1, line: 1, reason: 'wrong-header' })
  })

  it('says that the first segments are gone, and checks the rest', async () => {
    const store = MemoryJournalStore.of([
      [2, bytes[1] as Uint8Array],
      [3, bytes[2] as Uint8Array],
    ])
    const verdict = await verify(store)
    expect(verdict).toMatchObject({ firstSegment: 2, segments: 2 })
    expect(verdict.firstFault).toBeUndefined()
  })

  it('cannot see from the journal alone that its end behind a seal was taken away, and can by a known head', async () => {
    const shorter = sealed.slice(0, -1)
    expect((await verifyLines(shorter)).firstFault).toBeUndefined()
    const verdict = await verifyLines(shorter, { head })
    expectFault(verdict, {
      segment: shorter.length,
      line: (shorter.at(-1)?.length ?? 0) + 1,
      reason: 'head-missing',
    })
  })

  it('accepts a known head in the middle, and names the line that has another chain', async () => {
    const middle = (await verifyLines(sealed.slice(0, 1))).head
    expect((await verifyLines(sealed, { head: middle })).firstFault).toBeUndefined()
    const other = { n: middle.n, chain: head.chain }
    expectFault(await verifyLines(sealed, { head: other }), { n: middle.n, reason: 'head-differs' })
  })

  it('finds a head missing whose segment is gone', async () => {
    const store = MemoryJournalStore.of([[2, bytes[1] as Uint8Array]])
    expectFault(await verify(store, { head: { n: 2, chain: START.chain } }), { reason: 'head-missing' })
  })

  it('names the header when the journal is another node’s or network’s than expected', async () => {
    const node = journalSigner(2).node
    expectFault(await verifyLines(sealed, { node }), { segment: 1, line: 1, reason: 'wrong-header' })
    expectFault(await verifyLines(sealed, { net: OTHER_NET }), {
      segment: 1,
      line: 1,
      reason: 'wrong-header',
    })
  })

  it('refuses a seal that another node signed', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store, {
      signer: { node: SIGNER.node, signSeal: journalSigner(2).signSeal },
    })
    journal.append(sampleDraft(1))
    await journal.close()
    expectFault(await verify(store), { segment: 1, line: 3, n: 3, reason: 'bad-signature' })
  })

  it('refuses a seal over another line than the one before, however well the lines are chained', async () => {
    const forged = new Forger(sealed[0] as Uint8Array[], 3)
    const { n, chain } = forged.head
    forged.line(sampleDraft(2))
    forged.line(draftOwn('seal', forged.seal({ n, chain })))
    const verdict = await verifyLines([[...forged.before, ...forged.made]])
    expectFault(verdict, { line: 5, reason: 'wrong-seal' })
  })

  it('names the next seal when lines were changed and chained anew', async () => {
    const lines = sealed[0] as Uint8Array[]
    const at = 3
    const forged = new Forger(lines, at)
    forged.line(sampleDraft(6))
    for (const line of lines.slice(at + 1)) forged.again(line)
    const seal = lines.findIndex((line, i) => i > at && Buffer.from(line).includes('"kind":"seal"'))
    expectFault(await verifyLines([[...forged.before, ...forged.made]]), {
      line: seal + 1,
      reason: 'wrong-seal',
    })
  })

  it('names a seal whose own time was changed and chained anew', async () => {
    const lines = sealed[0] as Uint8Array[]
    const at = lines.findIndex((line) => Buffer.from(line).includes('"kind":"seal"'))
    const forged = new Forger(lines, at)
    forged.again(lines[at] as Uint8Array, '1' as NanoText)
    expectFault(await verifyLines([[...forged.before, ...forged.made]]), {
      line: at + 1,
      reason: 'bad-signature',
    })
  })

  it('names a line whose hash is not that of its data, or of its body, or of its id', async () => {
    const { body, id, hash } = sampleBody(1)
    const other = sampleBody(2)
    const drafts: LineDraft[] = [
      { ...sampleDraft(6), hash },
      { kind: 'envelope.in', thread: THREAD, hash, data: `{"id":"${id}","body":"${other.body.toBase64()}"}` },
      {
        kind: 'envelope.out',
        thread: THREAD,
        hash: other.hash,
        data: `{"id":"${id}","body":"${body.toBase64()}"}`,
      },
      { kind: 'envelope.out', thread: THREAD, hash: other.hash, data: `{"id":"${id}"}` },
    ]
    for (const draft of drafts) {
      const forged = new Forger(sealed[0] as Uint8Array[], 1)
      forged.line(draft)
      expectFault(await verifyLines([[...forged.before, ...forged.made]]), { line: 2, reason: 'wrong-hash' })
    }
  })

  it('says which version a newer segment has', async () => {
    const forged = new Forger([], 0)
    forged.line({ kind: 'open', data: '{"v":2}' })
    const verdict = await verifyLines([forged.made])
    expectFault(verdict, { segment: 1, line: 1, reason: 'version' })
    expect(verdict.firstFault?.message).toContain('format 2')
  })

  it('names a second header inside a segment', async () => {
    const forged = new Forger(sealed[0] as Uint8Array[], 2)
    const prev = forged.head.chain
    forged.line(draftOwn('open', { v: 1, node: SIGNER.node, net: NET, segment: 1, prev, rule: RULE }))
    expectFault(await verifyLines([[...forged.before, ...forged.made]]), { line: 3, reason: 'wrong-header' })
  })

  it('names a line over the limit without holding it', async () => {
    const long = new Uint8Array(40 * LINE_BYTES_MAX).fill(0x20)
    long[long.length - 1] = 0x0a
    const verdict = await verifyLines(changed(sealed, 1, (lines) => lines.splice(4, 0, long)))
    expectFault(verdict, { segment: 1, line: 5, reason: 'too-long' })
  })

  it('reports lines after the last seal as unsealed, without fault', async () => {
    const [lines] = sealed as [Uint8Array[]]
    const verdict = await verifyLines([lines.slice(0, -1)])
    expect(verdict.firstFault).toBeUndefined()
    expect(verdict.unsealedLines).toBe(5)
  })

  it('reports half a line at the very end as torn, without fault, at every length', async () => {
    const last = sealed.at(-1) as Uint8Array[]
    const line = last.at(-1) as Uint8Array
    const byteOffset = concatBytes(...last).length - line.length
    for (let length = 1; length < line.length; length++) {
      const torn = await verifyLines([...sealed.slice(0, -1), [...last.slice(0, -1), line.slice(0, length)]])
      expect(torn.firstFault).toBeUndefined()
      expect(torn.tornEnd).toEqual({ segment: sealed.length, byteOffset, bytes: length })
    }
  })

  it('reports an empty last segment as torn', async () => {
    const verdict = await verifyLines([...sealed, []])
    expect(verdict.tornEnd).toEqual({ segment: sealed.length + 1, byteOffset: 0, bytes: 0 })
    expect(verdict.firstFault).toBeUndefined()
  })

  it('lets a fault of the disk through', async () => {
    const store = MemoryJournalStore.of([[1, bytes[0] as Uint8Array]])
    store.trouble.failing = 'read'
    await expect(verify(store)).rejects.toMatchObject({ code: 'journal-io' })
  })

  it('finds a long journal right whose chunks end anywhere', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    for (let i = 0; i < 40; i++) {
      journal.appendAll(sampleDrafts(50, i * 50))
      await journal.flush()
    }
    await journal.close()
    expect(store.bytesOf(1).length).toBeGreaterThan(500_000)
    expect(await verify(store)).toMatchObject({ lines: 2_041, seals: 40, unsealedLines: 0 })
  })
})

/** Goes on with right numbers and chains, as somebody could who has no key. */
class Forger {
  readonly before: readonly Uint8Array[]
  readonly made: Uint8Array[] = []
  readonly #encoder = new LineEncoder(sha256Hex)
  head: Head

  constructor(lines: readonly Uint8Array[], count: number) {
    this.before = lines.slice(0, count)
    const last = this.before.at(-1)
    this.head = last === undefined ? START : headOf(last)
  }

  line(draft: LineDraft, ts: NanoText = '1763715600000000000' as NanoText): Uint8Array {
    const { head, bytes } = this.#encoder.encode(this.head, ts, draft)
    this.head = head
    const line = Uint8Array.from(bytes)
    this.made.push(line)
    return line
  }

  /** A line as it was, in a chain of its own. */
  again(line: Uint8Array, ts?: NanoText): Uint8Array {
    const text = Buffer.from(line).toString()
    const found = JSON.parse(text) as LineDraft & { ts: NanoText; hash: HashHex }
    const data = text.slice(text.indexOf('"data":') + 7, text.lastIndexOf(',"chain"'))
    const { kind, thread, hash } = found
    return this.line({ kind, thread, hash, data }, ts ?? found.ts)
  }

  seal({ n, chain }: Head): { v: 1; segment: number; n: number; chain: HashHex; sig: string } {
    const ts = '1763715600000000000' as NanoText
    const sig = SIGNER.signSeal({ node: SIGNER.node, segment: 1, n, chain, ts }).toBase64()
    return { v: 1, segment: 1, n, chain, sig }
  }
}

function headOf(line: Uint8Array): Head {
  const { n, chain } = JSON.parse(Buffer.from(line).toString()) as Head
  return { n, chain }
}
