/**
 * A whole state in bytes, in parts of about a quarter of a MiB: for checkpoints and snapshots, and to compare. One state has one form.
 * Source: consensus.md, "The raft host" (a checkpoint holds state and applied index together).
 */
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { type Ipld, isList } from '../../codec/ipld.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { encodeRow, placeOfRow, ROW_LIMITS, valueOfRow } from './row.ts'
import { Records } from './tables.ts'
import type { RecordValue, Shape } from './view.ts'

const PART_BYTES = 262_144

/**
 * Parts in order; each is a list of rows (`encodeRow`), ascending by table and key over all parts. The state keeps its records as
 * these bytes from then on: what does not change is not encoded again, and most of it never changes again.
 */
export function encodeState<Tables extends Shape>(records: Records<Tables>): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  let part = new Part()
  for (const table of records.names()) {
    for (const key of records.keys(table)) {
      part.add(table, key, records.row(table, key) ?? encodeRow(table, key, valueIn(records, table, key)))
      if (part.size < PART_BYTES) continue
      parts.push(part.encode(records))
      part = new Part()
    }
  }
  return part.size === 0 ? parts : [...parts, part.encode(records)]
}

function valueIn<Tables extends Shape>(
  records: Records<Tables>,
  table: keyof Tables & string,
  key: string,
): RecordValue {
  return records.get(table, key) as RecordValue
}

/** Rows that are written together. */
class Part {
  readonly #places: (readonly [table: string, key: string])[] = []
  readonly #rows: Uint8Array[] = []
  size = 0

  add(table: string, key: string, row: Uint8Array): void {
    this.#places.push([table, key])
    this.#rows.push(row)
    this.size += row.length
  }

  /** The records keep views of the part, so that no former part stays in memory for a few of its rows. */
  encode<Tables extends Shape>(records: Records<Tables>): Uint8Array {
    const bytes = encodeDagCbor(this.#rows)
    let at = headBytes(this.#rows.length)
    for (const [n, { length }] of this.#rows.entries()) {
      const [table, key] = this.#places[n] as readonly [string, string]
      at += headBytes(length)
      records.keepRow(table, key, bytes.subarray(at, at + length))
      at += length
    }
    return bytes
  }
}

/** Of a list or byte string of that length. Source: RFC 8949, 3. */
function headBytes(length: number): number {
  if (length < 24) return 1
  if (length < 0x100) return 2
  return length < 0x1_0000 ? 3 : 5
}

/**
 * Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED: also for rows out of order, so that no two lists of parts are the same state
 * divided alike. What the records say is not judged: a snapshot is certified by its state hash. `areChecked`: this node has read
 * or made these very parts before, so that records are read when they are needed. Bytes are kept.
 */
export function decodeState<Tables extends Shape>(
  parts: readonly Uint8Array[],
  areChecked = false,
): Result<Records<Tables>, Rejection> {
  const records = new Records<Tables>()
  let last: readonly [string, string] = ['', '']
  for (const part of parts) {
    const rows = decodeDagCbor(part, ROW_LIMITS)
    if (!rows.ok) return rows
    if (!isList(rows.value)) return malformed('a part is a list of rows')
    for (const row of rows.value) {
      const place = isRow(row, areChecked) ? placeOfRow(row) : undefined
      if (place === undefined) return malformed('a row is a table, a key and a record')
      if (compare(last, place) >= 0) return malformed('rows ascend by table and key')
      last = place
      records.takeRow(...place, row as Uint8Array)
    }
  }
  return ok(records)
}

function isRow(row: Ipld, isChecked: boolean): row is Uint8Array {
  return row instanceof Uint8Array && (isChecked || valueOfRow(row) !== undefined)
}

function compare(a: readonly [string, string], b: readonly [string, string]): number {
  const at = a[0] === b[0] ? 1 : 0
  if (a[at] === b[at]) return 0
  return a[at] < b[at] ? -1 : 1
}

function malformed(message: string): Result<never, Rejection> {
  return reject('MALFORMED', message)
}
