import type { CID } from '../../codec/cid.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'

/** Content that a need names: its input, an artifact that was committed. */
export interface NamedContent {
  readonly cid: CID
  /** As whoever named it said; undefined where nothing says it. */
  readonly size: number | undefined
  /** Who has it: requester, worker, other voters. */
  readonly from: readonly Did[]
}

/** A need that is not over, by the text of its id, and all that it names by CID. */
export interface OpenNeed {
  readonly need: string
  readonly contents: readonly NamedContent[]
}

/**
 * What became of one content of one need: waiting --start--> running --came--> kept; running --failed--> waiting, later
 * each time; running --never--> refused. What is kept or refused stays so until the need is over.
 */
export interface Wanted extends NamedContent {
  readonly need: string
  readonly state: 'waiting' | 'running' | 'kept' | 'refused'
  readonly failures: number
  /** Monotonic milliseconds before which a waiting one is not tried. */
  readonly notBeforeMs: number
  /** Of the last failure. */
  readonly fault: FaultError | undefined
}

/** Bounds of what the needs of strangers make a voter do. */
export interface KeepingLimits {
  /** Fetched at once, and of these for one need. */
  readonly fetchesMax: number
  readonly fetchesPerNeedMax: number
  /** Contents of one need, and their bytes; one of unknown size counts with the most that it may have. */
  readonly contentsPerNeedMax: number
  readonly bytesPerNeedMax: number
  /** Contents of all needs that are not kept yet. */
  readonly waitingMax: number
  /** One attempt; what came of it stays, so that a large content may take several. */
  readonly attemptMs: number
}

export const KEEPING_LIMITS: KeepingLimits = {
  fetchesMax: 16,
  fetchesPerNeedMax: 2,
  contentsPerNeedMax: 64,
  bytesPerNeedMax: 4 * FETCHED_CONTENT_BYTES_MAX,
  waitingMax: 4_096,
  attemptMs: 10_000,
}

const AGAIN_MS = 1_000
const AGAIN_DOUBLINGS_MAX = 6
/** Faults after which the same content can never be kept for this need. */
const FOR_GOOD: ReadonlySet<string> = new Set(['content-too-large', 'content-malformed'])

export function firstWanted(need: string, content: NamedContent): Wanted {
  return { ...content, need, state: 'waiting', failures: 0, notBeforeMs: 0, fault: undefined }
}

/** Why a need cannot have this content kept beside those that it has; undefined: it can. */
export function overBudget(
  ofNeed: readonly NamedContent[],
  content: NamedContent,
  limits: KeepingLimits,
): FaultError | undefined {
  const bytes = [...ofNeed, content].reduce((sum, one) => sum + bytesOf(one), 0)
  if (bytesOf(content) > FETCHED_CONTENT_BYTES_MAX)
    return new FaultError(
      'content-too-large',
      `${content.size} bytes, more than ${FETCHED_CONTENT_BYTES_MAX}`,
    )
  if (ofNeed.length >= limits.contentsPerNeedMax)
    return new FaultError('content-too-large', `more than ${limits.contentsPerNeedMax} contents of one need`)
  if (bytes > limits.bytesPerNeedMax)
    return new FaultError('content-too-large', `more than ${limits.bytesPerNeedMax} bytes of one need`)
  return undefined
}

function bytesOf({ size }: NamedContent): number {
  return size ?? FETCHED_CONTENT_BYTES_MAX
}

/**
 * Which to begin now: those whose time has come, of needs with the fewest under way first, so that one need whose
 * contents nobody has does not hold up the others.
 */
export function toStart(all: readonly Wanted[], nowMs: number, limits: KeepingLimits): readonly Wanted[] {
  const running = new Map<string, number>()
  for (const { need, state } of all) if (state === 'running') running.set(need, (running.get(need) ?? 0) + 1)
  const due = all.filter(({ state, notBeforeMs }) => state === 'waiting' && notBeforeMs <= nowMs)
  let free = limits.fetchesMax - all.filter(({ state }) => state === 'running').length
  const started: Wanted[] = []
  for (let round = 0; round < limits.fetchesPerNeedMax && free > 0; round++) {
    for (const one of due) {
      if (free === 0) break
      if (started.includes(one) || (running.get(one.need) ?? 0) !== round) continue
      running.set(one.need, round + 1)
      started.push(one)
      free--
    }
  }
  return started
}

/** After an attempt: kept, or to be tried again, or never. `size` is what came; a `fault` what hindered it. */
export function settled(
  wanted: Wanted,
  outcome: { readonly size: number } | { readonly fault: FaultError },
  nowMs: number,
): Wanted {
  const fault = 'fault' in outcome ? outcome.fault : wrongSize(wanted, outcome.size)
  if (fault === undefined) return { ...wanted, state: 'kept', fault }
  if (FOR_GOOD.has(fault.code)) return { ...wanted, state: 'refused', fault }
  const waitMs = AGAIN_MS * 2 ** Math.min(wanted.failures, AGAIN_DOUBLINGS_MAX)
  const failures = wanted.failures + 1
  return { ...wanted, state: 'waiting', failures, notBeforeMs: nowMs + waitMs, fault }
}

function wrongSize({ cid, size: said }: Wanted, size: number): FaultError | undefined {
  if (said === undefined || said === size) return undefined
  return new FaultError('content-malformed', `${cid.toString()} has ${size} bytes where ${said} were said`)
}
