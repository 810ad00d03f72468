import { draftOwn, type LineDraft } from '../../codec/journal/drafts.ts'
import type { LineEncoder } from '../../codec/journal/encoder.ts'
import type { NanoText } from '../../codec/journal/kinds.ts'
import { JOURNAL_VERSION, SEGMENT_MAX } from '../../codec/journal/limits.ts'
import type { Head } from '../../codec/journal/line.ts'
import type { SignSeal } from '../../codec/journal/seal.ts'
import type { JournalOwner } from '../../codec/journal/verify.ts'
import { assert } from '../../model/fault.ts'
import { Batch } from './batch.ts'
import type { JournalLimits } from './limits.ts'
import type { Resumption } from './recover.ts'

export interface JournalIdentity extends JournalOwner {
  /** Name and version of the rule that judges signatures, as in `zip215/1`. */
  readonly rule: string
}

interface Lost {
  lines: number
  readonly since: NanoText
  until: NanoText
}

/**
 * Lines of a journal that wait for the disk, chained and in order: a batch that is being filled, and sealed ones
 * before it. Headers, seals and lost lines are put in here. Once a line was dropped, no other is kept before
 * the `lost` line that says so.
 */
export class LineBuffer {
  readonly #encoder: LineEncoder
  readonly #identity: JournalIdentity
  readonly #limits: JournalLimits
  readonly #signSeal: SignSeal
  /** Sealed batches, the oldest first. */
  readonly #queue: Batch[] = []
  #head: Head
  #filling: Batch
  #spare: Uint8Array | undefined
  /** Size of the current segment once all that waits is written. */
  #segmentBytes: number
  /** True when the current segment has its header. */
  #opened: boolean
  /** True when the last line is not a seal. */
  #unsealed: boolean
  #queuedBytes = 0
  #queuedLines = 0
  #lost: Lost | undefined
  #lostLines = 0

  constructor(
    encoder: LineEncoder,
    identity: JournalIdentity,
    limits: JournalLimits,
    signSeal: SignSeal,
    { head, segment, bytes, opened, unsealed }: Resumption,
  ) {
    this.#encoder = encoder
    this.#identity = identity
    this.#limits = limits
    this.#signSeal = signSeal
    this.#head = head
    this.#filling = new Batch(segment)
    this.#segmentBytes = bytes
    this.#opened = opened
    this.#unsealed = unsealed
  }

  /** The last line, written or waiting. */
  get head(): Head {
    return this.#head
  }

  get segment(): number {
    return this.#filling.segment
  }

  get waitingLines(): number {
    return this.#queuedLines + this.#filling.lines
  }

  get waitingBytes(): number {
    return this.#queuedBytes + this.#filling.size
  }

  /** Lines dropped from the start on. */
  get lostLines(): number {
    return this.#lostLines
  }

  /** True when so many bytes wait in the batch that is being filled that they are worth a write. */
  get isWorthWriting(): boolean {
    return this.#filling.size >= this.#limits.flushBytes
  }

  get oldest(): Batch | undefined {
    return this.#queue[0]
  }

  /** False: dropped for want of room, and counted. */
  take(draft: LineDraft, ts: NanoText): boolean {
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

  /** Writes the line that says what was dropped; false when nothing was. */
  sayLost(ts: NanoText): boolean {
    if (this.#lost === undefined) return false
    const { lines, since, until } = this.#lost
    this.#lost = undefined
    this.#write(draftOwn('lost', { lines, since, until }), ts)
    return true
  }

  /** Seals what waits and ends the batch with it; a segment that is long enough ends too. */
  seal(ts: NanoText): void {
    if (this.#unsealed) this.#writeSeal(ts)
    const batch = this.#filling
    if (batch.lines === 0) return
    this.#queue.push(batch)
    this.#queuedBytes += batch.size
    this.#queuedLines += batch.lines
    this.#segmentBytes += batch.size
    const isLong = this.#segmentBytes >= this.#limits.segmentBytesMax
    this.#filling = new Batch(batch.segment + (isLong ? 1 : 0), this.#spare)
    this.#spare = undefined
    if (!isLong) return
    assert(batch.segment < SEGMENT_MAX, 'eight digits name a segment')
    this.#segmentBytes = 0
    this.#opened = false
  }

  /** The oldest batch is on disk. */
  shift(): void {
    const batch = this.#queue.shift()
    assert(batch !== undefined, 'a batch that was written was queued')
    this.#queuedBytes -= batch.size
    this.#queuedLines -= batch.lines
    this.#spare = batch.release()
  }

  #hasRoom(): boolean {
    const { bufferLinesMax, bufferBytesMax } = this.#limits
    return this.waitingLines < bufferLinesMax && this.waitingBytes < bufferBytesMax
  }

  #write(draft: LineDraft, ts: NanoText): void {
    if (!this.#opened) this.#writeHeader(ts)
    this.#put(draft, ts)
  }

  #writeHeader(ts: NanoText): void {
    const { node, net, rule } = this.#identity
    const { segment } = this
    this.#put(draftOwn('open', { v: JOURNAL_VERSION, node, net, segment, prev: this.#head.chain, rule }), ts)
    this.#opened = true
  }

  #writeSeal(ts: NanoText): void {
    if (!this.#opened) this.#writeHeader(ts)
    const { segment } = this
    const { n, chain } = this.#head
    const sig = this.#signSeal({ node: this.#identity.node, segment, n, chain, ts }).toBase64()
    this.#put(draftOwn('seal', { v: JOURNAL_VERSION, segment, n, chain, sig }), ts)
    this.#unsealed = false
  }

  #put(draft: LineDraft, ts: NanoText): void {
    const { head, bytes } = this.#encoder.encode(this.#head, ts, draft)
    this.#filling.add(bytes)
    this.#head = head
    this.#unsealed = true
  }
}
