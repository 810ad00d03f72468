import type { GroupHead, RowCheckpoint, RowPart } from '../../codec/turn/row.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex, Term } from '../../model/raft.ts'
import { CHECKPOINT_HEAD_BYTES_MAX, NOTE_BYTES_MAX } from '../../model/turn.ts'
import type { Entry, HardState } from '../../ports/consensus-group.ts'
import type { Checkpoint, GroupWrites, Note } from '../../ports/turn-store.ts'
import { type GroupView, headOf, newGroupView, termAt } from './group-view.ts'

/** What a group's writes become in a row. */
export interface PlannedPart {
  readonly part: RowPart
  /** False: nothing but the commit index differs from what is stored; it may wait for another row. Source: S3. */
  readonly mustSync: boolean
}

/**
 * Checks a group's writes against its log and makes its part of the row. What no raft does is a defect of ours, and
 * asserted: a term or commit that falls, a second vote in a term, overwriting what is committed, a gap, a floor above
 * the checkpoint (N7), a commit outside of the log. `stageOf` names where the parts of a checkpoint are kept.
 */
export function planGroup(
  known: GroupView | undefined,
  writes: GroupWrites,
  stageOf: (checkpoint: Checkpoint) => number,
): PlannedPart {
  const forget = writes.forget === true
  if (forget && isOnlyForget(writes)) return { part: forgetPart(writes.group), mustSync: true }
  const view = known === undefined || forget ? newGroupView(writes.group) : known
  assert(view.damage === undefined, `group ${writes.group} is damaged: it can only be forgotten`)
  const checkpoint = writes.checkpoint && plannedCheckpoint(view, writes.checkpoint, stageOf)
  const head = plannedHead(view, writes, checkpoint)
  const { entries = [], notes = [] } = writes
  const part = { group: writes.group, forget, head, checkpoint, entries, notes: sortedNotes(notes) }
  return { part, mustSync: forget || mustSync(view, part) }
}

function isOnlyForget({ checkpoint, floor, entries, hardState, notes }: GroupWrites): boolean {
  return (
    [checkpoint, floor, hardState].every((one) => one === undefined) && !entries?.length && !notes?.length
  )
}

function forgetPart(group: GroupId): RowPart {
  return { group, forget: true, head: undefined, checkpoint: undefined, entries: [], notes: [] }
}

function mustSync(view: GroupView, { head, checkpoint, entries, notes }: RowPart): boolean {
  const stored = view.stable?.value
  return (
    checkpoint !== undefined ||
    entries.length + notes.length > 0 ||
    stored?.term !== head?.term ||
    stored?.vote !== head?.vote ||
    stored?.floor !== head?.floor
  )
}

function plannedCheckpoint(
  view: GroupView,
  checkpoint: Checkpoint,
  stageOf: (checkpoint: Checkpoint) => number,
): RowCheckpoint {
  assert(checkpoint.head.length <= CHECKPOINT_HEAD_BYTES_MAX, 'the head of a checkpoint is within its bound')
  const { kind, applied, term } = checkpoint
  assert(applied > (view.checkpoint?.value.applied ?? 0), 'a checkpoint is later than the one before it')
  if (kind === 'own') {
    const { floor, commit } = headOf(view)
    assert(floor <= applied && applied <= commit, 'a checkpoint is of what is committed, in the log')
    assert(term === termAt(view, applied), 'a checkpoint has the term of its last entry')
  }
  return { ...checkpoint, stage: stageOf(checkpoint) }
}

function plannedHead(view: GroupView, writes: GroupWrites, checkpoint: RowCheckpoint | undefined): GroupHead {
  const hard = plannedHardState(view, writes)
  const start = logStart(view, checkpoint)
  const { entries = [] } = writes
  assertEntries(view, start, entries)
  const last = entries.at(-1)?.index ?? start.last
  const floor = plannedFloor(view, start, writes, checkpoint ?? view.checkpoint?.value)
  const lastTerm = entries.at(-1)?.term ?? lastTermOf(view, start)
  assert(lastTerm <= hard.term, 'no entry has a term above the hard state')
  assert(floor.index <= hard.commit && hard.commit <= last, 'the commit index lies in the log')
  return { ...hard, floor: floor.index, floorTerm: floor.term, last }
}

function plannedHardState(view: GroupView, { hardState, group }: GroupWrites): HardState {
  const before = view.head
  const next = hardState ?? before
  assert(next !== undefined, `the first writes of group ${group} have a hard state`)
  const { term, vote, commit } = next
  if (before !== undefined) {
    assert(term >= before.term, 'a term never falls')
    const keepsVote = term > before.term || before.vote === undefined || vote === before.vote
    assert(keepsVote, 'there is one vote a term')
    assert(commit >= before.commit, 'a commit index never falls')
  }
  return { term, vote, commit }
}

/** The log before the entries of this turn; `isNew` where a snapshot took its place. */
interface LogStart {
  readonly floor: LogIndex
  readonly floorTerm: Term
  readonly last: LogIndex
  readonly isNew: boolean
}

function logStart(view: GroupView, checkpoint: RowCheckpoint | undefined): LogStart {
  if (checkpoint?.kind === 'snapshot') {
    const { applied, term } = checkpoint
    return { floor: applied, floorTerm: term, last: applied, isNew: true }
  }
  const { floor, floorTerm, last } = view.head ?? EMPTY_LOG
  return { floor, floorTerm, last, isNew: view.head === undefined }
}

const EMPTY_LOG = { floor: 0 as LogIndex, floorTerm: 0 as Term, last: 0 as LogIndex }

function lastTermOf(view: GroupView, start: LogStart): Term {
  return start.isNew ? start.floorTerm : termAt(view, start.last)
}

function assertEntries(view: GroupView, start: LogStart, entries: readonly Entry[]): void {
  const [first] = entries
  if (first === undefined) return
  assert(first.index > start.floor && first.index <= start.last + 1, 'new entries leave no gap')
  assert(start.isNew || first.index > (view.head?.commit ?? 0), 'what is committed is never overwritten')
  let index: number = first.index
  let term = start.isNew ? start.floorTerm : termAt(view, (first.index - 1) as LogIndex)
  for (const entry of entries) {
    assert(entry.index === index++, 'entries are consecutive')
    assert(entry.term >= term, 'terms of entries never fall')
    term = entry.term
  }
}

function plannedFloor(
  view: GroupView,
  start: LogStart,
  { floor }: GroupWrites,
  checkpoint: RowCheckpoint | undefined,
): { readonly index: LogIndex; readonly term: Term } {
  if (floor === undefined || floor === start.floor) return { index: start.floor, term: start.floorTerm }
  assert(
    checkpoint !== undefined && floor <= checkpoint.applied,
    'the log begins at the checkpoint or before',
  )
  assert(floor > start.floor && floor <= start.last, 'a floor rises, within the log')
  return { index: floor, term: termAt(view, floor) }
}

function sortedNotes(notes: readonly Note[]): readonly Note[] {
  if (notes.length < 2) {
    assertNotes(notes)
    return notes
  }
  const sorted = notes.toSorted((a, b) => a.kind - b.kind)
  assertNotes(sorted)
  return sorted
}

function assertNotes(notes: readonly Note[]): void {
  let before = -1
  for (const { kind, bytes } of notes) {
    assert(Number.isInteger(kind) && kind > before && kind <= 255, 'a turn has one note of a kind')
    assert(bytes.length <= NOTE_BYTES_MAX, 'a note is within its bound')
    before = kind
  }
}
