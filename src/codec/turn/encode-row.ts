import { assert } from '../../model/fault.ts'
import { ROW_BYTES_MAX } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Entry, Membership } from '../../ports/consensus-group.ts'
import type { Note } from '../../ports/turn-store.ts'
import { ByteWriter } from './byte-writer.ts'
import type { GroupHead, RowCheckpoint, RowPart, TurnRow } from './row.ts'
import { CHECKPOINT_KINDS, CHECKSUM_BYTES, DIRECTORY_ITEM_BYTES, PART, ROW_VERSION } from './row-format.ts'

/** One for all rows: a turn's is up to 256 KiB, and a new buffer for each costs more than the writing. */
const writer = new ByteWriter()

/**
 * Bytes of a row; the same for the same row. Asserts its form (order of parts and notes, consecutive entries) and
 * ROW_BYTES_MAX. The layout is in row-format.ts.
 */
export function encodeRow(row: TurnRow, checksum: Checksum): Uint8Array {
  writer.reset()
  writer.u8(ROW_VERSION)
  writer.u64(row.turn)
  writer.u32(row.parts.length)
  const directory = writer.gap(row.parts.length * DIRECTORY_ITEM_BYTES + CHECKSUM_BYTES)
  let at = directory
  let before = -1
  for (const part of row.parts) {
    assert(part.group > before, 'parts of a row ascend by group')
    before = part.group
    const start = writer.length
    writePart(part)
    writer.u32At(at, part.group)
    writer.u32At(at + 4, writer.length - start)
    writer.u32At(at + 8, checksum(writer.since(start)))
    at += DIRECTORY_ITEM_BYTES
  }
  assert(writer.length <= ROW_BYTES_MAX, 'a row is within its bound')
  writer.u32At(at, checksum(writer.since(0).subarray(0, at)))
  return writer.taken()
}

function writePart(part: RowPart): void {
  const bits = bitsOf(part)
  assert(bits !== 0, 'a part of a row has something')
  writer.u8(bits)
  if (part.head !== undefined) writeHead(part.head)
  if (part.checkpoint !== undefined) writeCheckpoint(part.checkpoint)
  writeEntries(part.entries)
  writeNotes(part.notes)
}

function bitsOf(part: RowPart): number {
  return (
    (part.forget ? PART.forget : 0) |
    (part.head === undefined ? 0 : PART.head) |
    (part.checkpoint === undefined ? 0 : PART.checkpoint) |
    (part.entries.length === 0 ? 0 : PART.entries) |
    (part.notes.length === 0 ? 0 : PART.notes)
  )
}

function writeHead(head: GroupHead): void {
  writer.u64(head.term)
  writer.u64(head.vote ?? 0)
  writer.u64(head.commit)
  writer.u64(head.floor)
  writer.u64(head.floorTerm)
  writer.u64(head.last)
}

function writeCheckpoint(checkpoint: RowCheckpoint): void {
  writer.u8(CHECKPOINT_KINDS.indexOf(checkpoint.kind))
  writer.u64(checkpoint.applied)
  writer.u64(checkpoint.term)
  writer.u32(checkpoint.chunks)
  writer.u64(checkpoint.bytes)
  writer.u64(checkpoint.stage)
  writer.sized(checkpoint.head)
  writeMembership(checkpoint.membership)
}

function writeMembership({ voters, learners, outgoing, learnersNext, autoLeave }: Membership): void {
  for (const ids of [voters, learners, outgoing, learnersNext]) {
    writer.u32(ids.length)
    for (const id of ids) writer.u64(id)
  }
  writer.u8(autoLeave ? 1 : 0)
}

function writeEntries(entries: readonly Entry[]): void {
  const [first] = entries
  if (first === undefined) return
  writer.u64(first.index)
  writer.u32(entries.length)
  let index: number = first.index
  for (const entry of entries) {
    assert(entry.index === index++, 'entries of a row are consecutive')
    writer.u64(entry.term)
    writer.u8(entry.kind)
    writer.sized(entry.data)
  }
}

function writeNotes(notes: readonly Note[]): void {
  if (notes.length === 0) return
  writer.u32(notes.length)
  let before = -1
  for (const { kind, bytes } of notes) {
    assert(kind > before && kind <= 255, 'notes of a part ascend by kind')
    before = kind
    writer.u8(kind)
    writer.sized(bytes)
  }
}
