import type { GroupHead, RowCheckpoint } from '../../codec/turn/row.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex, Term } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import type { Note } from '../../ports/turn-store.ts'

/** What the rows say of one group, and which row says it. */
export interface GroupView {
  readonly group: GroupId
  /** As stored; undefined only while rows are being read. */
  stable: Held<GroupHead> | undefined
  /** The stored one, with a commit index that may have risen since. */
  head: GroupHead | undefined
  checkpoint: Held<RowCheckpoint> | undefined
  readonly notes: Map<number, Held<Note>>
  /** Pieces of the log, ascending; of each the row is later than that of the one before. */
  runs: Run[]
  /** What is wrong with what is stored; undefined: nothing known. */
  damage: string | undefined
}

export interface Held<Value> {
  readonly value: Value
  readonly turn: Turn
}

/** Consecutive entries of one row. */
export interface Run {
  readonly from: LogIndex
  readonly to: LogIndex
  readonly turn: Turn
  /** Of `from` to `to`, as encoded: a share of the whole where the run was cut. */
  readonly bytes: number
  /** Where terms begin, ascending; the first at or before `from`. */
  readonly terms: readonly TermSpan[]
}

export interface TermSpan {
  readonly from: LogIndex
  readonly term: Term
}

export function newGroupView(group: GroupId): GroupView {
  return {
    group,
    stable: undefined,
    head: undefined,
    checkpoint: undefined,
    notes: new Map(),
    runs: [],
    damage: undefined,
  }
}

/** Head of a group that is read from: every group of a view that was finished has one, unless it is damaged. */
export function headOf(view: GroupView): GroupHead {
  assert(view.head !== undefined, `group ${view.group} has a head`)
  return view.head
}

/** The term of an entry of the log, or of the floor. Asserts that the index is one of these. */
export function termAt(view: GroupView, index: LogIndex): Term {
  const head = headOf(view)
  if (index === head.floor) return head.floorTerm
  const run = view.runs[runAt(view.runs, index)]
  assert(run !== undefined && run.from <= index && index <= run.to, `the log has entry ${index}`)
  return termIn(run, index)
}

/** Place of the first run that ends at or after an index; the number of runs when there is none. */
function runAt(runs: readonly Run[], index: LogIndex): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle] as Run).to < index) low = middle + 1
    else high = middle
  }
  return low
}

/** The part of a run within [from, to], which meet. */
export function cutRun(run: Run, from: LogIndex, to: LogIndex): Run {
  const first = Math.max(run.from, from) as LogIndex
  const last = Math.min(run.to, to) as LogIndex
  if (first === run.from && last === run.to) return run
  const share = (last - first + 1) / (run.to - run.from + 1)
  const bytes = Math.ceil(run.bytes * share)
  return { from: first, to: last, turn: run.turn, bytes, terms: termsOf(run, first, last) }
}

function termsOf({ terms }: Run, from: LogIndex, to: LogIndex): readonly TermSpan[] {
  const first = terms.findLastIndex((span) => span.from <= from)
  return terms.slice(first).filter((span) => span.from <= to)
}

function termIn(run: Run, index: LogIndex): Term {
  const span = run.terms.findLast(({ from }) => from <= index)
  assert(span !== undefined, 'a run knows the terms of its entries')
  return span.term
}
