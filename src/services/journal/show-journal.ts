import type { LineFault } from '../../codec/journal/fault.ts'
import type { JournalKind } from '../../codec/journal/kinds.ts'
import { type JournalLine, type LineFrame, parseFrame, parseLine } from '../../codec/journal/line.ts'
import { LineSplitter } from '../../codec/journal/splitter.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { JournalStore } from '../../ports/journal-store.ts'

/** Which lines to show; what is not given does not limit. */
export interface ShowFilter {
  readonly thread?: ThreadId
  readonly kinds?: readonly JournalKind[]
  /** Numbers, both included. */
  readonly from?: number
  readonly to?: number
  /** Nanoseconds since 1970: `since` included, `until` not. Times are a wall clock's and may jump. */
  readonly since?: bigint
  readonly until?: bigint
  /** Only the last so many of the lines that the rest lets through; at most SHOW_LAST_MAX. */
  readonly last?: number
}

/** `last` is held in memory. */
export const SHOW_LAST_MAX = 10_000

/** A line, or the place of one that cannot be read (which no filter hides). */
export type ShownLine =
  | { readonly segment: number; readonly line: JournalLine }
  | { readonly segment: number; readonly lineOfSegment: number; readonly fault: LineFault }

/**
 * Reads a journal in order, without checking chains or signatures. A half line at the end is left out: the
 * node may be writing it. Faults `journal-io`.
 */
export async function* showJournal(store: JournalStore, filter: ShowFilter = {}): AsyncGenerator<ShownLine> {
  const segments = await segmentsWithin(store, filter)
  if (filter.last === undefined) {
    for (const segment of segments) yield* showSegment(store, segment, filter)
    return
  }
  yield* await lastOf(store, segments, filter, Math.min(filter.last, SHOW_LAST_MAX))
}

/** Leaves out the segments that end before `from` or start after `to`; looks from the newest back, as far as needed. */
async function segmentsWithin(
  store: JournalStore,
  { from = 1, to = Infinity }: ShowFilter,
): Promise<number[]> {
  const segments = await store.list()
  if (from === 1 && to === Infinity) return [...segments]
  const within: number[] = []
  for (const segment of segments.toReversed()) {
    const start = await firstNumber(store, segment)
    if (start <= to) within.unshift(segment)
    if (start <= from && start > 0) break
  }
  return within
}

/** Number of a segment's first line; 0 when that cannot be read, which leaves nothing out. */
async function firstNumber(store: JournalStore, segment: number): Promise<number> {
  const splitter = new LineSplitter()
  for await (const chunk of store.read(segment)) {
    const [first] = splitter.push(chunk)
    if (first === undefined) continue
    const frame = parseFrame(first.bytes)
    return frame.ok ? frame.value.n : 0
  }
  return 0
}

async function* showSegment(
  store: JournalStore,
  segment: number,
  filter: ShowFilter,
): AsyncGenerator<ShownLine> {
  const splitter = new LineSplitter()
  let lineOfSegment = 0
  for await (const chunk of store.read(segment)) {
    for (const { bytes } of splitter.push(chunk)) {
      lineOfSegment++
      const frame = parseFrame(bytes)
      if (frame.ok && !passes(frame.value, filter)) continue
      const line = frame.ok ? parseLine(frame.value) : frame
      yield line.ok ? { segment, line: line.value } : { segment, lineOfSegment, fault: line.error }
    }
  }
}

/** From the newest segment back, as far as needed. */
async function lastOf(
  store: JournalStore,
  segments: readonly number[],
  filter: ShowFilter,
  count: number,
): Promise<readonly ShownLine[]> {
  const parts: ShownLine[][] = []
  let found = 0
  for (const segment of segments.toReversed()) {
    if (found >= count) break
    const here: ShownLine[] = []
    for await (const shown of showSegment(store, segment, filter)) {
      here.push(shown)
      if (here.length > 2 * count) here.splice(0, here.length - count)
    }
    parts.unshift(here)
    found += here.length
  }
  return parts.flat().slice(Math.max(0, found - count))
}

function passes({ n, ts, kind, thread }: LineFrame, filter: ShowFilter): boolean {
  const { from = 1, to = Infinity, kinds, since, until } = filter
  if (filter.thread !== undefined && thread !== filter.thread) return false
  if (kinds !== undefined && !kinds.includes(kind)) return false
  if (n < from || n > to) return false
  if (since !== undefined && BigInt(ts) < since) return false
  return until === undefined || BigInt(ts) < until
}
