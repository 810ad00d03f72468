import type { GroupId, LogIndex, RaftId, Term } from '../../model/raft.ts'
import { CHECKPOINT_HEAD_BYTES_MAX, NOTE_BYTES_MAX, ROW_BYTES_MAX } from '../../model/turn.ts'
import type { Entry, Membership } from '../../ports/consensus-group.ts'
import type { Note } from '../../ports/turn-store.ts'
import type { ByteReader } from './byte-reader.ts'
import type { GroupHead, RowCheckpoint, RowPart } from './row.ts'
import { CHECKPOINT_KINDS, ENTRY_HEAD_BYTES, NOTE_HEAD_BYTES, PART, PART_BITS } from './row-format.ts'

/** What the reader holds, as the part of a group; whether it was one, the reader knows. */
export function readPart(reader: ByteReader, group: GroupId): RowPart {
  const bits = reader.u8()
  if (bits === 0 || bits > PART_BITS)
    reader.refuse('MALFORMED', 'a part with nothing, or with more than we know')
  return {
    group,
    forget: (bits & PART.forget) !== 0,
    head: (bits & PART.head) === 0 ? undefined : readHead(reader),
    checkpoint: (bits & PART.checkpoint) === 0 ? undefined : readCheckpoint(reader),
    entries: (bits & PART.entries) === 0 ? [] : readEntries(reader),
    notes: (bits & PART.notes) === 0 ? [] : readNotes(reader),
  }
}

function readHead(reader: ByteReader): GroupHead {
  const term = reader.u64() as Term
  const vote = reader.u64()
  return {
    term,
    vote: vote === 0 ? undefined : (vote as RaftId),
    commit: reader.u64() as LogIndex,
    floor: reader.u64() as LogIndex,
    floorTerm: reader.u64() as Term,
    last: reader.u64() as LogIndex,
  }
}

function readCheckpoint(reader: ByteReader): RowCheckpoint {
  const kind = CHECKPOINT_KINDS[reader.u8()]
  if (kind === undefined) reader.refuse('MALFORMED', 'an unknown kind of checkpoint')
  return {
    kind: kind ?? 'own',
    applied: reader.u64() as LogIndex,
    term: reader.u64() as Term,
    chunks: reader.u32(),
    bytes: reader.u64(),
    stage: reader.u64(),
    head: reader.sized(CHECKPOINT_HEAD_BYTES_MAX),
    membership: readMembership(reader),
  }
}

function readMembership(reader: ByteReader): Membership {
  return {
    voters: readIds(reader),
    learners: readIds(reader),
    outgoing: readIds(reader),
    learnersNext: readIds(reader),
    autoLeave: reader.flag(),
  }
}

function readIds(reader: ByteReader): readonly RaftId[] {
  const ids: RaftId[] = []
  for (let left = reader.count(8); left > 0; left--) {
    const id = reader.u64()
    if (id === 0) reader.refuse('MALFORMED', 'raft id 0')
    ids.push(id as RaftId)
  }
  return ids
}

function readEntries(reader: ByteReader): readonly Entry[] {
  const first = reader.u64()
  const count = reader.count(ENTRY_HEAD_BYTES)
  if (count === 0) reader.refuse('NOT_CANONICAL', 'a list of no entries')
  if (first === 0 || !Number.isSafeInteger(first + count - 1))
    reader.refuse('MALFORMED', 'no log has this index')
  const entries: Entry[] = []
  for (let i = 0; i < count && !reader.refused; i++) {
    const term = reader.u64() as Term
    const kind = reader.u8()
    entries.push({ index: (first + i) as LogIndex, term, kind, data: reader.sized(ROW_BYTES_MAX) })
  }
  return entries
}

function readNotes(reader: ByteReader): readonly Note[] {
  const count = reader.count(NOTE_HEAD_BYTES)
  if (count === 0) reader.refuse('NOT_CANONICAL', 'a list of no notes')
  const notes: Note[] = []
  let before = -1
  for (let left = count; left > 0 && !reader.refused; left--) {
    const kind = reader.u8()
    if (kind <= before) reader.refuse('NOT_CANONICAL', 'notes that do not ascend by kind')
    before = kind
    notes.push({ kind, bytes: reader.sized(NOTE_BYTES_MAX) })
  }
  return notes
}
