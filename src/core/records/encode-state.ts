/**
 * A whole state in bytes, in parts of about a quarter of a MiB: for checkpoints and snapshots, and to compare. One state has one form.
 * Source: consensus.md, "The raft host" (a checkpoint holds state and applied index together).
 */
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { isList } from '../../codec/ipld.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { recordOfIpld, recordToIpld } from './record-ipld.ts'
import { Records } from './tables.ts'
import type { RecordValue, Shape, Write } from './view.ts'

const PART_BYTES = 262_144
const PART_LIMITS = { bytesMax: 16_777_216, itemsMax: 4_194_304 }

/** Parts in order; each is a list of rows [table, key, value] in dag-cbor, ascending by table and key over all parts. */
export function encodeState<Tables extends Shape>(records: Records<Tables>): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  let rows: Uint8Array[] = []
  let size = 0
  for (const table of records.names()) {
    for (const key of records.keys(table)) {
      const value = records.get(table, key) as RecordValue
      const row = encodeDagCbor([table, key, recordToIpld(value)])
      rows.push(row)
      size += row.length
      if (size < PART_BYTES) continue
      parts.push(encodeDagCbor(rows))
      rows = []
      size = 0
    }
  }
  return rows.length === 0 ? parts : [...parts, encodeDagCbor(rows)]
}

/**
 * Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED: also for rows out of order, so that no two lists of parts are the same state
 * divided alike. What the records say is not judged: a snapshot is certified by its state hash.
 */
export function decodeState<Tables extends Shape>(
  parts: readonly Uint8Array[],
): Result<Records<Tables>, Rejection> {
  const records = new Records<Tables>()
  let last: readonly [string, string] = ['', '']
  for (const part of parts) {
    const rows = decodeDagCbor(part, PART_LIMITS)
    if (!rows.ok) return rows
    if (!isList(rows.value)) return malformed('a part is a list of rows')
    for (const encoded of rows.value) {
      const row = rowOf(encoded)
      if (row === undefined) return malformed('a row is a table, a key and a record')
      if (compare(last, row) >= 0) return malformed('rows ascend by table and key')
      last = [row[0], row[1]]
      records.apply([{ table: row[0], key: row[1], value: row[2] } as unknown as Write<Tables>])
    }
  }
  return ok(records)
}

function rowOf(encoded: Ipld): readonly [string, string, RecordValue] | undefined {
  if (!(encoded instanceof Uint8Array)) return undefined
  const row = decodeDagCbor(encoded, PART_LIMITS)
  if (!row.ok || !isList(row.value) || row.value.length !== 3) return undefined
  const [table, key, value] = row.value
  if (typeof table !== 'string' || typeof key !== 'string' || value === undefined) return undefined
  const record = recordOfIpld(value)
  return record === undefined ? undefined : [table, key, record]
}

function compare(a: readonly string[], b: readonly unknown[]): number {
  const [tableA = '', keyA = ''] = a
  const [tableB, keyB] = b as readonly string[]
  if (tableA !== tableB) return tableA < (tableB ?? '') ? -1 : 1
  if (keyA === keyB) return 0
  return keyA < (keyB ?? '') ? -1 : 1
}

function malformed(message: string): Result<never, Rejection> {
  return reject('MALFORMED', message)
}
