import { LineEncoder } from '../../codec/journal/encoder.ts'
import { type LineFault, type LineReason, lineFault } from '../../codec/journal/fault.ts'
import { type Head, START } from '../../codec/journal/line.ts'
import type { VerifySeal } from '../../codec/journal/seal.ts'
import { LineSplitter, type RawLine } from '../../codec/journal/splitter.ts'
import {
  enterSegment,
  type JournalOwner,
  startVerify,
  stepVerify,
  type VerifyState,
  type VerifyTools,
} from '../../codec/journal/verify.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import type { JournalStore } from '../../ports/journal-store.ts'

/** Why a journal is not the one that its node wrote. */
export type JournalReason =
  | LineReason
  /** A segment between two others is not there. */
  | 'segment-missing'
  /** The line that was expected is not there: the end was cut off, or the segments up to it are gone. */
  | 'head-missing'
  /** The line that was expected has another chain: the journal was written anew. */
  | 'head-differs'

/** The first place that is wrong. */
export interface JournalFault {
  readonly segment: number
  /** From 1 in its segment. */
  readonly line: number
  /** Number that the line itself bears, where it can be read. */
  readonly n?: number
  /** Where the line starts in its segment. */
  readonly byteOffset: number
  readonly reason: JournalReason
  readonly message: string
}

/** Half a line at the very end, as a crash leaves it: cut off when the node next starts. */
export interface TornEnd {
  readonly segment: number
  readonly byteOffset: number
  readonly bytes: number
}

export interface JournalVerdict {
  /** Lines found right, up to the first fault. */
  readonly lines: number
  readonly seals: number
  /** Segments that were begun. */
  readonly segments: number
  /** Whose journal it says it is; undefined for an empty one. */
  readonly owner: Partial<JournalOwner>
  /** The last right line. Kept elsewhere, it is what a later verification can be asked to find again. */
  readonly head: Head
  /** Over 1: the segments before this one are gone, and what they said was not checked. */
  readonly firstSegment: number
  /** Right lines after the last seal: chained, but signed by nobody. */
  readonly unsealedLines: number
  readonly tornEnd?: TornEnd
  readonly firstFault?: JournalFault
}

export interface VerifyExpectation extends Partial<JournalOwner> {
  /** A line that the journal must hold with this chain. Without one, an end cut off behind a seal cannot be known. */
  readonly head?: Head
}

/**
 * Checks a whole journal and names the first line that is wrong. Streams: at most two chunks and a line in
 * memory. What no reader can see from the journal alone: that its last lines from some seal on were taken
 * away (give `head`), or that all of it was written by another key (give `node`).
 * Faults `journal-io`.
 */
export async function verifyJournal(
  store: JournalStore,
  tools: { readonly sha256Hex: Sha256Hex; readonly verifySeal: VerifySeal },
  expect: VerifyExpectation = {},
): Promise<JournalVerdict> {
  const run = new Verification({ ...tools, encoder: new LineEncoder(tools.sha256Hex) }, expect)
  const segments = await store.list()
  const last = segments.at(-1)
  for (const segment of segments) {
    if (!run.enter(segment)) break
    const splitter = new LineSplitter()
    for await (const chunk of store.read(segment)) {
      if (!splitter.push(chunk).every((raw) => run.take(raw))) return run.verdict()
    }
    if (!run.end(splitter.rest(), segment === last)) break
  }
  return run.verdict()
}

class Verification {
  readonly #tools: VerifyTools
  readonly #expect: VerifyExpectation
  #state: VerifyState | undefined
  #firstSegment = 1
  #segments = 0
  #line = 0
  #offset = 0
  #headSeen = false
  #torn: TornEnd | undefined
  #fault: JournalFault | undefined

  constructor(tools: VerifyTools, expect: VerifyExpectation) {
    this.#tools = tools
    this.#expect = expect
  }

  enter(segment: number): boolean {
    this.#line = 0
    this.#offset = 0
    if (this.#state === undefined) {
      const { node, net } = this.#expect
      const owner = { ...(node === undefined ? {} : { node }), ...(net === undefined ? {} : { net }) }
      this.#state = startVerify(segment === 1 ? START : undefined, segment, owner)
      this.#firstSegment = segment
    } else {
      const next = this.#state.segment + 1
      this.#state = enterSegment(this.#state, next)
      if (segment !== next) return this.#fail(`segment ${next} is not there`, 'segment-missing')
    }
    this.#segments++
    return true
  }

  take({ bytes, offset }: RawLine): boolean {
    this.#line++
    this.#offset = offset
    const step = stepVerify(this.#begun(), bytes, this.#tools)
    if (!step.ok) return this.#fail(step.error.message, step.error.reason, step.error.n)
    this.#state = step.value
    return this.#matchesHead(step.value)
  }

  /** After a segment's last newline. Half a line is no fault at the end of all, where a crash may leave it. */
  end({ bytes, offset, length }: RawLine & { readonly length: number }, isLast: boolean): boolean {
    this.#offset = offset
    const state = this.#begun()
    const empty = length === 0
    if (empty && !state.first) return true
    this.#line++
    if (!isLast) {
      const { reason, message } = empty ? EMPTY : UNFINISHED
      return this.#fail(message, reason)
    }
    // A line that is whole but for its newline was not torn: that newline was changed.
    const whole = empty ? undefined : stepVerify(state, bytes.subarray(0, -1), this.#tools)
    if (whole?.ok === true) return this.#fail(UNFINISHED.message, UNFINISHED.reason, whole.value.head?.n)
    this.#torn = { segment: state.segment, byteOffset: offset, bytes: length }
    return true
  }

  verdict(): JournalVerdict {
    const state = this.#state
    if (this.#fault === undefined) this.#missHead()
    return {
      lines: state?.lines ?? 0,
      seals: state?.seals ?? 0,
      segments: this.#segments,
      owner: state?.owner ?? {},
      head: state?.head ?? START,
      firstSegment: this.#firstSegment,
      unsealedLines: state?.unsealedLines ?? 0,
      ...(this.#torn === undefined ? {} : { tornEnd: this.#torn }),
      ...(this.#fault === undefined ? {} : { firstFault: this.#fault }),
    }
  }

  #matchesHead({ head }: VerifyState): boolean {
    const expected = this.#expect.head
    if (expected === undefined || head?.n !== expected.n) return true
    this.#headSeen = true
    if (head.chain === expected.chain) return true
    return this.#fail(`line ${head.n} has not the chain ${expected.chain}`, 'head-differs', head.n)
  }

  #missHead(): void {
    const expected = this.#expect.head
    if (expected === undefined || expected.n === 0 || this.#headSeen) return
    this.#line++
    this.#fail(`line ${expected.n} is not there`, 'head-missing')
  }

  #begun(): VerifyState {
    return this.#state as VerifyState // a segment was entered
  }

  #fail(message: string, reason: JournalReason, n?: number): false {
    const line = Math.max(1, this.#line)
    const { segment } = this.#state ?? { segment: 1 }
    const place = { segment, line, byteOffset: this.#offset }
    this.#fault = { ...place, ...(n === undefined ? {} : { n }), reason, message }
    return false
  }
}

const EMPTY: LineFault = lineFault('wrong-header', 'the segment is empty')
const UNFINISHED: LineFault = lineFault('line-end', 'the line does not end with a newline')
