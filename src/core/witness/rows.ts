/**
 * What a step read of its machine's state. Who has only some items of a log applies them to a state of its own, its
 * shadow; where items that it has not got had changed a record in between, the record comes along as a row. So the same
 * step runs over part of a log, and does what it did. Rows say what the state was; they do not prove it: see
 * docs/record.md for what holds them.
 */

import { equalBytes } from '../../codec/bytes.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { recordOfIpld, recordToIpld } from '../records/record-ipld.ts'
import type { RecordValue, Shape, View, Write } from '../records/view.ts'

/** Table, key, and the record: none where there is none. */
export type Row = [table: string, key: string, record: Ipld[]]

/** Looks at a view and notes what was asked. */
export class ReadRecorder implements View<Shape> {
  readonly #view: View<Shape>
  readonly #read = new Map<string, Set<string>>()
  readonly #listed = new Set<string>()

  constructor(view: View<Shape>) {
    this.#view = view
  }

  get(table: string, key: string): unknown {
    const keys = this.#read.get(table)
    if (keys === undefined) this.#read.set(table, new Set([key]))
    else keys.add(key)
    return this.#view.get(table, key)
  }

  keys(table: string): readonly string[] {
    this.#listed.add(table)
    return this.#view.keys(table)
  }

  /** What was read and is otherwise in the shadow; ascending by table, then key. */
  rowsFor(shadow: View<Shape>): readonly Row[] {
    const tables = [...new Set([...this.#read.keys(), ...this.#listed])].sort()
    return tables.flatMap((table) =>
      this.#keysOf(table, shadow)
        .filter((key) => !isSame(this.#view.get(table, key), shadow.get(table, key)))
        .map((key): Row => {
          const value = this.#view.get(table, key)
          return [table, key, value === undefined ? [] : [recordToIpld(value as RecordValue)]]
        }),
    )
  }

  /** Of a table whose keys were listed also those that only one of the two has. */
  #keysOf(table: string, shadow: View<Shape>): readonly string[] {
    const keys = new Set(this.#read.get(table))
    if (this.#listed.has(table)) {
      const here = new Set(this.#view.keys(table))
      const there = new Set(shadow.keys(table))
      for (const key of here.symmetricDifference(there)) keys.add(key)
    }
    return [...keys].sort()
  }
}

/** The rows as writes to a shadow. */
export function writesOfRows(rows: readonly Row[]): readonly Write<Shape>[] {
  return rows.map(([table, key, [record]]) => ({
    table,
    key,
    value: record === undefined ? undefined : recordOfIpld(record),
  }))
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return equalBytes(encoded(a), encoded(b))
}

/** Two records that are the same have the same bytes. */
function encoded(record: unknown): Uint8Array {
  return encodeDagCbor(recordToIpld(record as RecordValue))
}
