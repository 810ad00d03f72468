import type { GroupId, LogIndex, RaftId, Term } from '../../src/model/raft.ts'
import type { Entry, HardState, Membership } from '../../src/ports/consensus-group.ts'
import type { Checkpoint, GroupWrites, Note } from '../../src/ports/turn-store.ts'

export const group = (id: number): GroupId => id as GroupId
export const index = (value: number): LogIndex => value as LogIndex

export function entry(at: number, term: number, data: string | Uint8Array = `entry ${at} of ${term}`): Entry {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return { index: at as LogIndex, term: term as Term, kind: 0, data: bytes }
}

/** Entries [from, to] of one term. */
export function entries(from: number, to: number, term: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term))
}

export function hard(term: number, vote: number | undefined, commit: number): HardState {
  return { term: term as Term, vote: vote as RaftId | undefined, commit: commit as LogIndex }
}

export function voters(...ids: readonly number[]): Membership {
  return { voters: ids as RaftId[], learners: [], outgoing: [], learnersNext: [], autoLeave: false }
}

export function checkpoint(
  kind: Checkpoint['kind'],
  applied: number,
  term: number,
  more: Partial<Checkpoint> = {},
): Checkpoint {
  return {
    kind,
    applied: applied as LogIndex,
    term: term as Term,
    membership: voters(1, 2, 3),
    chunks: 0,
    bytes: 0,
    head: Uint8Array.of(applied % 256),
    ...more,
  }
}

export function note(kind: number, ...bytes: readonly number[]): Note {
  return { kind, bytes: Uint8Array.from(bytes) }
}

/** First writes of a new group: its membership in a snapshot at index 1, term 1. */
export function founding(id: number): GroupWrites {
  return { group: group(id), checkpoint: checkpoint('snapshot', 1, 1), hardState: hard(1, undefined, 1) }
}
