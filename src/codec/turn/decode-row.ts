import type { GroupId } from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { ROW_BYTES_MAX, type Turn } from '../../model/turn.ts'

import type { Checksum } from '../../ports/checksum.ts'
import { ByteReader } from './byte-reader.ts'
import { readPart } from './decode-part.ts'
import type { RowPart, TurnRow } from './row.ts'
import { CHECKSUM_BYTES, DIRECTORY_ITEM_BYTES, ROW_VERSION } from './row-format.ts'

/** A row whose directory is sound; its parts are not yet looked at. */
export interface RowFrame {
  readonly turn: Turn
  readonly parts: readonly PartFrame[]
}

export interface PartFrame {
  readonly group: GroupId
  readonly bytes: Uint8Array
  /** That the row has for it. */
  readonly checksum: number
}

/**
 * The directory of a row, so that damage of one group's part leaves the others readable. Rejects TOO_LARGE, MALFORMED
 * (another version, cut short, bytes left over, a checksum that differs), NOT_CANONICAL (order of groups).
 */
export function decodeRowFrame(bytes: Uint8Array, checksum: Checksum): Result<RowFrame, Rejection> {
  if (bytes.length > ROW_BYTES_MAX) return reject('TOO_LARGE', `a row of ${bytes.length} bytes`)
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version !== ROW_VERSION) reader.refuse('MALFORMED', `a row of version ${version}`)
  const turn = reader.u64()
  if (turn === 0) reader.refuse('MALFORMED', 'turn 0')
  const items = readDirectory(reader)
  const covered = reader.at
  const found = checksum(bytes.subarray(0, covered))
  const named = reader.u32()
  if (found !== named) reader.refuse('MALFORMED', differs('the row', found, named))
  const parts = items.map(({ group, length, sum }) => ({
    group,
    bytes: reader.bytes(length),
    checksum: sum,
  }))
  reader.end()
  return reader.refused ? err(reader.rejection()) : ok({ turn: turn as Turn, parts })
}

/** One group's part. Rejects MALFORMED, NOT_CANONICAL, TOO_LARGE, with the group in the message. */
export function decodeRowPart(part: PartFrame, checksum: Checksum): Result<RowPart, Rejection> {
  const found = checksum(part.bytes)
  if (found !== part.checksum) {
    return reject('MALFORMED', differs(`the part of group ${part.group}`, found, part.checksum))
  }
  const reader = new ByteReader(part.bytes)
  const value = readPart(reader, part.group)
  reader.end()
  if (!reader.refused) return ok(value)
  const { code, message } = reader.rejection()
  return reject(code, `the part of group ${part.group}: ${message}`)
}

/** A whole row: what `encodeRow` writes and nothing else. Data of entries and notes are views of `bytes`. */
export function decodeRow(bytes: Uint8Array, checksum: Checksum): Result<TurnRow, Rejection> {
  const frame = decodeRowFrame(bytes, checksum)
  if (!frame.ok) return frame
  const parts: RowPart[] = []
  for (const one of frame.value.parts) {
    const part = decodeRowPart(one, checksum)
    if (!part.ok) return part
    parts.push(part.value)
  }
  return ok({ turn: frame.value.turn, parts })
}

interface DirectoryItem {
  readonly group: GroupId
  readonly length: number
  readonly sum: number
}

function readDirectory(reader: ByteReader): readonly DirectoryItem[] {
  const items: DirectoryItem[] = []
  let before = -1
  for (let left = reader.count(DIRECTORY_ITEM_BYTES); left > 0; left--) {
    const group = reader.u32()
    if (group <= before) reader.refuse('NOT_CANONICAL', 'groups that do not ascend')
    before = group
    items.push({ group: group as GroupId, length: reader.u32(), sum: reader.u32() })
  }
  return items
}

function differs(what: string, found: number, named: number): string {
  return `${what} has checksum ${hex(found)}, ${hex(named)} was written`
}

function hex(value: number): string {
  return value.toString(16).padStart(2 * CHECKSUM_BYTES, '0')
}
