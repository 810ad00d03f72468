import { draftOwn, type LineDraft } from '../../codec/journal/drafts.ts'
import type { LineEncoder } from '../../codec/journal/encoder.ts'
import type { NanoText } from '../../codec/journal/kinds.ts'
import { JOURNAL_VERSION, SEGMENT_MAX } from '../../codec/journal/limits.ts'
import type { Head } from '../../codec/journal/line.ts'
import type { SignSeal } from '../../codec/journal/seal.ts'
import type { JournalOwner } from '../../codec/journal/verify.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import type { JournalStore } from '../../ports/journal-store.ts'
import { Batch } from './batch.ts'
import type { JournalLimits } from './limits.ts'
import type { Resumption } from './recover.ts'
import { SegmentWriter } from './segment-writer.ts'

export interface JournalDeps {
  readonly store: JournalStore
  readonly clock: Clock
  readonly sha256Hex: Sha256Hex
  readonly signSeal: SignSeal
  /** Called once, when the journal cannot go on (`journal-io`): the node is to stop. */
  readonly onFault: (fault: FaultError) => void
}

export interface JournalIdentity extends JournalOwner {
  /** Name and version of the rule that judges signatures, as in `zip215/1`. */
  readonly rule: string
}

export interface JournalStatus {
  /** The last line, written or waiting. */
  readonly head: Head
  readonly segment: number
  readonly waitingLines: number
  readonly waitingBytes: number
  /** Lines dropped since the journal was opened. */
  readonly lostLines: number
  /** True when the last write found no room. */
  readonly full: boolean
}

interface Lost {
  lines: number
  readonly since: NanoText
  until: NanoText
}

/** Rounds of one flush: what waits, then the line that says what was lost meanwhile. */
const ROUNDS = 2

/**
 * The writer of a node's journal. A line is chained when it is appended and waits in memory; a flush seals the
 * chain, writes all that waits at once and syncs. Made by `openJournal`.
 * 1. What `flush` has answered true for is on disk, sealed.
 * 2. Lines are dropped only when the buffer is full; a `lost` line says so before the next line that is kept.
 * 3. No room on disk: nothing is lost but what rule 2 drops; the next flush tries again.
 * 4. Any other failure ends the journal: every later call fails with that same fault.
 * Source: record.md, "Journal"; why a failed sync is never tried again: Rebello et al., USENIX ATC 2020.
 */
export class Journal {
  readonly #deps: JournalDeps
  readonly #encoder: LineEncoder
  readonly #identity: JournalIdentity
  readonly #limits: JournalLimits
  readonly #writer: SegmentWriter
  /** Batches that are sealed and wait for the disk, the oldest first. */
  readonly #queue: Batch[] = []
  #head: Head
  #pending: Batch
  /** Size of the current segment once all that waits is written. */
  #segmentBytes: number
  /** True when the current segment has its header. */
  #opened: boolean
  /** True when the last line is not a seal. */
  #unsealed: boolean
  #spare: Uint8Array | undefined
  #queuedBytes = 0
  #queuedLines = 0
  #lost: Lost | undefined
  #lostLines = 0
  #full = false
  #closed = false
  #fault: FaultError | undefined
  #cancelTimer: (() => void) | undefined
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<boolean> | undefined

  constructor(
    deps: JournalDeps,
    encoder: LineEncoder,
    identity: JournalIdentity,
    limits: JournalLimits,
    { head, segment, bytes, opened, unsealed }: Resumption,
  ) {
    assert(limits.flushAfterMs <= 1_000, 'a seal comes at least every second')
    this.#deps = deps
    this.#encoder = encoder
    this.#identity = identity
    this.#limits = limits
    this.#writer = new SegmentWriter(deps.store)
    this.#head = head
    this.#pending = new Batch(segment)
    this.#segmentBytes = bytes
    this.#opened = opened
    this.#unsealed = unsealed
    if (unsealed) this.#armTimer()
  }

  /** True when the line was kept, false when it was dropped for want of room. */
  append(draft: LineDraft): boolean {
    return this.appendAll([draft]) === 1
  }

  /** Appends in order, all with one time; says how many were kept. Throws the fault that ended the journal. */
  appendAll(drafts: readonly LineDraft[]): number {
    assert(!this.#closed, 'nothing is appended to a closed journal')
    if (this.#fault !== undefined) throw this.#fault
    const ts = this.#now()
    let kept = 0
    for (const draft of drafts) if (this.#take(draft, ts)) kept++
    if (!this.#full && this.#pending.bytes.length >= this.#limits.flushBytes) this.#flushUnwatched()
    else if (drafts.length > 0) this.#armTimer()
    return kept
  }

  /**
   * Seals, writes and syncs all that was appended before the call. True: it is on disk. False: there was no
   * room; it waits and is tried again. Faults `journal-io`.
   */
  flush(): Promise<boolean> {
    if (this.#next === undefined) {
      const next = this.#running.then(() => {
        this.#next = undefined
        return this.#drain()
      })
      this.#next = next
      this.#running = settled(next)
    }
    return this.#next
  }

  /** Seals and writes what waits, and closes the segment. Faults `journal-full` when that did not fit, `journal-io`. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      if (!(await this.flush())) {
        throw new FaultError(
          'journal-full',
          `no room for the last ${this.status().waitingLines} lines of the journal`,
        )
      }
    } finally {
      this.#disarmTimer()
      await this.#writer.close()
    }
  }

  status(): JournalStatus {
    return {
      head: this.#head,
      segment: this.#pending.segment,
      waitingLines: this.#queuedLines + this.#pending.lines,
      waitingBytes: this.#queuedBytes + this.#pending.bytes.length,
      lostLines: this.#lostLines,
      full: this.#full,
    }
  }

  #take(draft: LineDraft, ts: NanoText): boolean {
    if (this.#lost === undefined && this.#hasRoom()) {
      this.#write(draft, ts)
      return true
    }
    this.#lost ??= { lines: 0, since: ts, until: ts }
    this.#lost.lines++
    this.#lost.until = ts
    this.#lostLines++
    return false
  }

  #hasRoom(): boolean {
    const { bufferLinesMax, bufferBytesMax } = this.#limits
    return (
      this.#queuedLines + this.#pending.lines < bufferLinesMax &&
      this.#queuedBytes + this.#pending.bytes.length < bufferBytesMax
    )
  }

  #write(draft: LineDraft, ts: NanoText): void {
    if (!this.#opened) this.#writeHeader(ts)
    this.#put(draft, ts)
  }

  #writeHeader(ts: NanoText): void {
    const { node, net, rule } = this.#identity
    const { segment } = this.#pending
    this.#put(draftOwn('open', { v: JOURNAL_VERSION, node, net, segment, prev: this.#head.chain, rule }), ts)
    this.#opened = true
  }

  #writeSeal(): void {
    const ts = this.#now()
    if (!this.#opened) this.#writeHeader(ts)
    const { segment } = this.#pending
    const { n, chain } = this.#head
    const sig = this.#deps.signSeal({ node: this.#identity.node, segment, n, chain, ts }).toBase64()
    this.#put(draftOwn('seal', { v: JOURNAL_VERSION, segment, n, chain, sig }), ts)
    this.#unsealed = false
  }

  #put(draft: LineDraft, ts: NanoText): void {
    const { head, bytes } = this.#encoder.encode(this.#head, ts, draft)
    this.#pending.add(bytes)
    this.#head = head
    this.#unsealed = true
  }

  async #drain(): Promise<boolean> {
    this.#disarmTimer()
    if (this.#fault !== undefined) throw this.#fault
    for (let round = 0; round < ROUNDS; round++) {
      this.#enqueue()
      if (!(await this.#writeQueue())) return this.#waitForRoom()
      this.#full = false
      if (this.#lost === undefined) return true
      const { lines, since, until } = this.#lost
      this.#lost = undefined
      this.#write(draftOwn('lost', { lines, since, until }), this.#now())
    }
    this.#armTimer()
    return true
  }

  /** Seals what waits and puts it in the queue; a segment that is long enough ends with it. */
  #enqueue(): void {
    if (this.#unsealed) this.#writeSeal()
    const batch = this.#pending
    if (batch.lines === 0) return
    this.#queue.push(batch)
    this.#queuedBytes += batch.bytes.length
    this.#queuedLines += batch.lines
    this.#segmentBytes += batch.bytes.length
    const isLong = this.#segmentBytes >= this.#limits.segmentBytesMax
    this.#pending = new Batch(batch.segment + (isLong ? 1 : 0), this.#spare)
    this.#spare = undefined
    if (!isLong) return
    assert(batch.segment < SEGMENT_MAX, 'eight digits name a segment')
    this.#segmentBytes = 0
    this.#opened = false
  }

  async #writeQueue(): Promise<boolean> {
    for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
      if (!(await this.#isWritten(batch))) return false
      this.#queue.shift()
      this.#queuedBytes -= batch.bytes.length
      this.#queuedLines -= batch.lines
      this.#spare = batch.release()
    }
    return true
  }

  async #isWritten({ segment, bytes }: Batch): Promise<boolean> {
    try {
      return await this.#writer.write(segment, bytes)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.#fault = error
      this.#disarmTimer()
      this.#deps.onFault(error)
      throw error
    }
  }

  #waitForRoom(): false {
    this.#full = true
    this.#armTimer()
    return false
  }

  /** A flush that nobody waits for: its fault goes to `onFault`, and a defect is to crash the process. */
  #flushUnwatched(): void {
    void this.flush().catch((error: unknown) => {
      if (!(error instanceof FaultError)) throw error
    })
  }

  #armTimer(): void {
    if (this.#closed) return
    this.#cancelTimer ??= this.#deps.clock.after(this.#limits.flushAfterMs, () => {
      this.#cancelTimer = undefined
      this.#flushUnwatched()
    })
  }

  #disarmTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #now(): NanoText {
    return String(this.#deps.clock.nowNs()) as NanoText
  }
}

/** Done when the promise is, however it ended. */
async function settled(promise: Promise<unknown>): Promise<void> {
  try {
    await promise
  } catch {
    // Whoever asked for the promise itself gets the reason.
  }
}
