import { equalBytes } from '../../codec/bytes.ts'
import { decodeRow } from '../../codec/turn/decode-row.ts'
import type { RowCheckpoint, RowPart } from '../../codec/turn/row.ts'
import type { GroupId, LogIndex, Term } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Entry, HardState } from '../../ports/consensus-group.ts'
import type { DiskWrites } from '../../ports/row-disk.ts'
import type { Note, SoundReplica, TurnStore } from '../../ports/turn-store.ts'
import { Violation } from './violation.ts'

/** What of one group is stable on one disk. */
export interface Kept {
  hard: HardState
  checkpoint: RowCheckpoint | undefined
  floor: { readonly index: LogIndex; readonly term: Term }
  entries: Entry[]
  readonly notes: Map<number, Note>
}

/**
 * What a node's disk holds at this instant, kept row by row beside the turn store and simpler than it: whoever speaks
 * is held against it, and so is what the store says after a start.
 */
export class Durable {
  readonly groups = new Map<GroupId, Kept>()
  /** Rows of turns, those that were merged later counted as they came. */
  rows = 0
  readonly #checksum: Checksum
  #turn: Turn | 0 = 0

  constructor(checksum: Checksum) {
    this.#checksum = checksum
  }

  /** A transaction was stored. Rows that are only put together again change nothing of what all say. */
  take({ putRow }: DiskWrites): void {
    if (putRow === undefined || putRow.turn <= this.#turn) return
    this.#turn = putRow.turn
    this.rows++
    const row = decodeRow(putRow.bytes, this.#checksum)
    if (!row.ok) throw new Violation('row', row.error.message)
    for (const part of row.value.parts) this.#takePart(part)
  }

  /** An older disk is in its place. */
  clear(): void {
    this.groups.clear()
    this.#turn = 0
  }

  /** The store has what was stable, no more and no less. Throws Violation. */
  compare(store: TurnStore): void {
    const ids = [...this.groups.keys()].sort((a, b) => a - b)
    const found = store.groups()
    if (found.length !== ids.length || found.some((id, at) => id !== ids[at])) {
      throw new Violation('restart-differs', `groups ${found.join(' ')}, not ${ids.join(' ')}`)
    }
    for (const replica of store.readGroups(found)) {
      const what =
        replica.kind === 'sound'
          ? difference(replica, this.groups.get(replica.group) as Kept)
          : `damaged: ${replica.what}`
      if (what !== undefined) throw new Violation('restart-differs', `group ${replica.group}: ${what}`)
    }
  }

  #takePart({ group, forget, head, checkpoint, entries, notes }: RowPart): void {
    if (forget) this.groups.delete(group)
    if (head === undefined) return
    const kept = this.groups.get(group) ?? emptyKept()
    this.groups.set(group, kept)
    if (checkpoint !== undefined) {
      kept.checkpoint = checkpoint
      if (checkpoint.kind === 'snapshot') {
        kept.floor = { index: checkpoint.applied, term: checkpoint.term }
        kept.entries = []
      }
    }
    const [first] = entries
    if (first !== undefined) {
      const at = first.index - kept.floor.index - 1
      if (at < 0 || at > kept.entries.length)
        throw new Violation('row', `group ${group}: a gap before ${first.index}`)
      kept.entries.splice(at, kept.entries.length - at, ...entries)
    }
    if (head.floor > kept.floor.index) {
      kept.entries.splice(0, head.floor - kept.floor.index)
      kept.floor = { index: head.floor, term: head.floorTerm }
    }
    if (head.term < kept.hard.term)
      throw new Violation('term-fell', `group ${group}: ${head.term} after ${kept.hard.term}`)
    kept.hard = { term: head.term, vote: head.vote, commit: head.commit }
    for (const note of notes) kept.notes.set(note.kind, note)
  }
}

function emptyKept(): Kept {
  const nothing = { term: 0 as Term, vote: undefined, commit: 0 as LogIndex }
  return {
    hard: nothing,
    checkpoint: undefined,
    floor: { index: 0 as LogIndex, term: nothing.term },
    entries: [],
    notes: new Map(),
  }
}

function difference(found: SoundReplica, kept: Kept): string | undefined {
  const { hardState, floor, entries, checkpoint, notes } = found
  if (hardState.term !== kept.hard.term) return `term ${hardState.term}, not ${kept.hard.term}`
  if (hardState.vote !== kept.hard.vote) return `vote ${hardState.vote}, not ${kept.hard.vote}`
  if (hardState.commit !== kept.hard.commit) return `commit ${hardState.commit}, not ${kept.hard.commit}`
  if (floor.index !== kept.floor.index || floor.term !== kept.floor.term) {
    return `a log after ${floor.index}, not ${kept.floor.index}`
  }
  if (checkpoint?.applied !== kept.checkpoint?.applied) {
    return `a checkpoint at ${checkpoint?.applied}, not ${kept.checkpoint?.applied}`
  }
  if (entries.length !== kept.entries.length) return `${entries.length} entries, not ${kept.entries.length}`
  const odd = entries.find((entry, at) => !isSame(entry, kept.entries[at] as Entry))
  if (odd !== undefined) return `another entry ${odd.index}`
  const lost = [...kept.notes.values()].find(
    ({ kind, bytes }) => !notes.some((note) => note.kind === kind && equalBytes(note.bytes, bytes)),
  )
  return lost === undefined ? undefined : `not the last note of kind ${lost.kind}`
}

function isSame(a: Entry, b: Entry): boolean {
  return a.index === b.index && a.term === b.term && a.kind === b.kind && equalBytes(a.data, b.data)
}
