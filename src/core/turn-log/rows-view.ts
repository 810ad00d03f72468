import type { GroupHead, RowCheckpoint, RowPart, TurnRow } from '../../codec/turn/row.ts'
import {
  DIRECTORY_ITEM_BYTES,
  ENTRY_HEAD_BYTES,
  HEAD_BYTES,
  NOTE_HEAD_BYTES,
} from '../../codec/turn/row-format.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { Note } from '../../ports/turn-store.ts'
import { cutRun, type GroupView, type Held, newGroupView, type Run, type TermSpan } from './group-view.ts'
import { RowWeights } from './row-weights.ts'

/** Of a part that says that a group was forgotten, with its place in the directory. */
const FORGET_BYTES = DIRECTORY_ITEM_BYTES + 4

/**
 * What rows say together, in the order of their turns: of each group the latest head, checkpoint and notes, and
 * which row has which entry. Holds no data of entries. Rows may lack whatever later rows replace, so intermediate
 * states may have gaps; only what all rows say together is checked (`checkGroup`).
 */
export class RowsView {
  readonly groups = new Map<GroupId, GroupView>()
  readonly weights = new RowWeights()
  /** Turns in which groups were forgotten, while older rows may still speak of them. */
  readonly forgotten = new Map<GroupId, Turn>()

  /** Takes a row later than all before it, of so many bytes. */
  take(row: TurnRow, bytes: number): void {
    this.weights.add(row.turn, bytes)
    for (const part of row.parts) this.#takePart(row.turn, part)
  }

  /** `merged` has taken the place of rows (mergeRows); undefined: nothing of them was needed. */
  takeMerged(rows: readonly TurnRow[], merged: TurnRow | undefined, bytes: number): void {
    const turns = new Set(rows.map(({ turn }) => turn))
    if (merged !== undefined) this.weights.replace(merged.turn, bytes)
    for (const { group } of merged?.parts ?? []) this.#moveTo(turns, (merged as TurnRow).turn, group)
    for (const turn of turns) if (turn !== merged?.turn) this.weights.remove(turn)
  }

  /** The view of a group, made when there is none. */
  viewOf(group: GroupId): GroupView {
    const known = this.groups.get(group)
    if (known !== undefined) return known
    const made = newGroupView(group)
    this.groups.set(group, made)
    return made
  }

  /** What of a group was in rows of these turns is in the row of `to` now. */
  #moveTo(turns: ReadonlySet<Turn>, to: Turn, group: GroupId): void {
    const forgottenAt = this.forgotten.get(group)
    if (forgottenAt !== undefined && turns.has(forgottenAt)) {
      this.forgotten.set(group, to)
      this.weights.use(to, FORGET_BYTES)
    }
    const view = this.groups.get(group)
    if (view === undefined) return
    view.stable = this.#moved(view.stable, turns, to, HEAD_BYTES)
    view.checkpoint = this.#moved(
      view.checkpoint,
      turns,
      to,
      view.checkpoint === undefined ? 0 : checkpointBytes(view.checkpoint.value),
    )
    for (const [kind, note] of view.notes) {
      view.notes.set(kind, this.#moved(note, turns, to, noteBytes(note.value)) ?? note)
    }
    view.runs = joinedRuns(view.runs, turns, to)
    const run = view.runs.find(({ turn }) => turn === to)
    if (run !== undefined) this.weights.use(to, run.bytes)
  }

  #moved<Value>(
    held: Held<Value> | undefined,
    turns: ReadonlySet<Turn>,
    to: Turn,
    bytes: number,
  ): Held<Value> | undefined {
    if (held === undefined || !turns.has(held.turn)) return held
    this.weights.use(to, bytes)
    return { value: held.value, turn: to }
  }

  /** Once no row is older, none can bring back what was forgotten, and it need not be said any more. */
  releaseForgotten(): void {
    const oldest = this.weights.oldest()
    for (const [group, turn] of this.forgotten) {
      if (turn !== oldest) continue
      this.forgotten.delete(group)
      this.weights.release(turn, FORGET_BYTES)
    }
  }

  #takePart(turn: Turn, part: RowPart): void {
    if (part.forget) this.#forget(turn, part.group)
    if (
      part.head === undefined &&
      part.checkpoint === undefined &&
      part.entries.length + part.notes.length === 0
    )
      return
    const view = this.viewOf(part.group)
    if (part.checkpoint !== undefined) this.#takeCheckpoint(view, turn, part.checkpoint)
    for (const note of part.notes) this.#takeNote(view, turn, note)
    this.#takeEntries(view, turn, part.entries)
    if (part.head !== undefined) this.#takeHead(view, turn, part.head)
  }

  /** The row must stay until no older one is left that would bring the group back. */
  #forget(turn: Turn, group: GroupId): void {
    const before = this.forgotten.get(group)
    if (before !== undefined) this.weights.release(before, FORGET_BYTES)
    this.forgotten.set(group, turn)
    this.weights.use(turn, FORGET_BYTES)
    const view = this.groups.get(group)
    if (view === undefined) return
    if (view.stable !== undefined) this.weights.release(view.stable.turn, HEAD_BYTES)
    if (view.checkpoint !== undefined) this.#releaseCheckpoint(view.checkpoint)
    for (const note of view.notes.values()) this.weights.release(note.turn, noteBytes(note.value))
    for (const run of view.runs) this.weights.release(run.turn, run.bytes)
    this.groups.delete(group)
  }

  #takeHead(view: GroupView, turn: Turn, head: GroupHead): void {
    if (view.stable !== undefined) this.weights.release(view.stable.turn, HEAD_BYTES)
    view.stable = { value: head, turn }
    view.head = head
    this.weights.use(turn, HEAD_BYTES)
    this.#cut(view, head.floor, head.last)
  }

  #takeCheckpoint(view: GroupView, turn: Turn, checkpoint: RowCheckpoint): void {
    if (view.checkpoint !== undefined) this.#releaseCheckpoint(view.checkpoint)
    view.checkpoint = { value: checkpoint, turn }
    this.weights.use(turn, checkpointBytes(checkpoint))
  }

  #releaseCheckpoint({ turn, value }: { readonly turn: Turn; readonly value: RowCheckpoint }): void {
    this.weights.release(turn, checkpointBytes(value))
  }

  #takeNote(view: GroupView, turn: Turn, note: Note): void {
    const before = view.notes.get(note.kind)
    if (before !== undefined) this.weights.release(before.turn, noteBytes(before.value))
    view.notes.set(note.kind, { value: note, turn })
    this.weights.use(turn, noteBytes(note))
  }

  /** The first one's index and all after it are overwritten. */
  #takeEntries(view: GroupView, turn: Turn, entries: readonly Entry[]): void {
    const [first] = entries
    if (first === undefined) return
    this.#cut(view, 0 as LogIndex, (first.index - 1) as LogIndex)
    const run = runOf(turn, first.index, entries)
    view.runs.push(run)
    this.weights.use(turn, run.bytes)
  }

  /** Leaves of the runs what lies in (floor, last]. */
  #cut(view: GroupView, floor: LogIndex, last: LogIndex): void {
    const { runs } = view
    let end = runs.length
    while (end > 0 && (runs[end - 1] as Run).from > last) end -= 1
    let start = 0
    while (start < end && (runs[start] as Run).to <= floor) start += 1
    for (let i = 0; i < start; i++) this.#release(runs[i] as Run)
    for (let i = end; i < runs.length; i++) this.#release(runs[i] as Run)
    if (end < runs.length) runs.length = end
    if (start > 0) runs.splice(0, start)
    this.#cutAt(runs, 0, floor, last)
    this.#cutAt(runs, runs.length - 1, floor, last)
  }

  #cutAt(runs: Run[], at: number, floor: LogIndex, last: LogIndex): void {
    const run = runs[at]
    if (run === undefined) return
    const left = cutRun(run, (floor + 1) as LogIndex, last)
    if (left === run) return
    runs[at] = left
    this.weights.release(run.turn, run.bytes)
    this.weights.use(run.turn, left.bytes)
  }

  #release(run: Run): void {
    this.weights.release(run.turn, run.bytes)
  }
}

/** Bytes of a note in a row. */
function noteBytes(note: Note): number {
  return NOTE_HEAD_BYTES + note.bytes.length
}

/** Bytes of a checkpoint in a row, about. */
function checkpointBytes({ head, membership }: RowCheckpoint): number {
  const { voters, learners, outgoing, learnersNext } = membership
  return 64 + head.length + 8 * (voters.length + learners.length + outgoing.length + learnersNext.length)
}

function runOf(turn: Turn, from: LogIndex, entries: readonly Entry[]): Run {
  const terms: TermSpan[] = []
  let bytes = 0
  for (const { index, term, data } of entries) {
    bytes += ENTRY_HEAD_BYTES + data.length
    if (terms.at(-1)?.term !== term) terms.push({ from: index, term })
  }
  return { from, to: (from + entries.length - 1) as LogIndex, turn, bytes, terms }
}

/** Runs of these rows, which follow one another, as one. */
function joinedRuns(runs: readonly Run[], turns: ReadonlySet<Turn>, to: Turn): Run[] {
  const joined: Run[] = []
  let open: Run | undefined
  for (const run of runs) {
    if (!turns.has(run.turn)) joined.push(run)
    else if (open === undefined) {
      open = { ...run, turn: to }
      joined.push(open)
    } else {
      const before = open
      open = { ...before, to: run.to, bytes: before.bytes + run.bytes, terms: joinedTerms(before.terms, run) }
      joined[joined.length - 1] = open
    }
  }
  return joined
}

function joinedTerms(terms: readonly TermSpan[], run: Run): readonly TermSpan[] {
  const known = terms.at(-1)?.term
  return [...terms, ...run.terms.filter(({ term }) => known === undefined || term > known)]
}
