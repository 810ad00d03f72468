import type { LineDraft } from '../../codec/journal/drafts.ts'
import type { NanoText } from '../../codec/journal/kinds.ts'
import type { Head } from '../../codec/journal/line.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { JournalStore } from '../../ports/journal-store.ts'
import type { Batch } from './batch.ts'
import type { LineBuffer } from './line-buffer.ts'
import { SegmentWriter } from './segment-writer.ts'

export interface JournalDeps {
  readonly store: JournalStore
  readonly clock: Clock
  /** Called once, when the journal cannot go on: the node is to stop. */
  readonly onFault: (fault: FaultError) => void
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
  readonly #buffer: LineBuffer
  readonly #flushAfterMs: number
  readonly #writer: SegmentWriter
  #full = false
  #closed = false
  #fault: FaultError | undefined
  #cancelTimer: (() => void) | undefined
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<boolean> | undefined

  /** `unsealed`: the journal ends with lines that no seal covers yet. */
  constructor(deps: JournalDeps, buffer: LineBuffer, flushAfterMs: number, unsealed: boolean) {
    assert(flushAfterMs <= 1_000, 'a seal comes at least every second')
    this.#deps = deps
    this.#buffer = buffer
    this.#flushAfterMs = flushAfterMs
    this.#writer = new SegmentWriter(deps.store)
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
    for (const draft of drafts) if (this.#buffer.take(draft, ts)) kept++
    if (!this.#full && this.#buffer.isWorthWriting) this.#flushUnwatched()
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
          `no room for the last ${this.#buffer.waitingLines} lines of the journal`,
        )
      }
    } finally {
      this.#disarmTimer()
      await this.#writer.close()
    }
  }

  status(): JournalStatus {
    const { head, segment, waitingLines, waitingBytes, lostLines } = this.#buffer
    return { head, segment, waitingLines, waitingBytes, lostLines, full: this.#full }
  }

  async #drain(): Promise<boolean> {
    this.#disarmTimer()
    if (this.#fault !== undefined) throw this.#fault
    for (let round = 0; round < ROUNDS; round++) {
      this.#buffer.seal(this.#now())
      if (!(await this.#writeQueue())) return this.#waitForRoom()
      this.#full = false
      if (!this.#buffer.sayLost(this.#now())) return true
    }
    this.#armTimer()
    return true
  }

  async #writeQueue(): Promise<boolean> {
    for (let batch = this.#buffer.oldest; batch !== undefined; batch = this.#buffer.oldest) {
      if (!(await this.#isWritten(batch))) return false
      this.#buffer.shift()
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
    this.#cancelTimer ??= this.#deps.clock.after(this.#flushAfterMs, () => {
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
