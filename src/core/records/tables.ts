import { Row } from './row.ts'
import type { RecordValue, Shape, View, Write } from './view.ts'

/** A machine's state in memory. The driver owns it; `apply` alone changes it. Records are kept as values, or as the bytes of their rows. */
export class Records<Tables extends Shape> implements View<Tables> {
  readonly #tables = new Map<string, Map<string, unknown>>()
  /** Sorted keys, until the set of keys changes. */
  readonly #sorted = new Map<string, readonly string[]>()
  /** Keys that were written since they were last asked for. */
  #changed = new Map<string, Set<string>>()

  get<Name extends keyof Tables & string>(table: Name, key: string): Tables[Name] | undefined {
    const kept = this.#tables.get(table)?.get(key)
    return (kept instanceof Row ? kept.value : kept) as Tables[Name] | undefined
  }

  /** The bytes of a record's row, where they are kept. */
  row(table: string, key: string): Uint8Array | undefined {
    const kept = this.#tables.get(table)?.get(key)
    return kept instanceof Row ? kept.bytes : undefined
  }

  /**
   * From now on the record is kept as these bytes, which are those of its row. What was written since the last time it was kept so
   * is needed again soon, and keeps its value too.
   */
  keepRow(table: string, key: string, bytes: Uint8Array): void {
    const records = this.#tables.get(table)
    const kept = records?.get(key)
    if (records === undefined || kept === undefined) return
    records.set(key, kept instanceof Row ? new Row(bytes) : new Row(bytes, kept as RecordValue))
  }

  /** A record that is not there yet, as bytes alone. */
  takeRow(table: string, key: string, bytes: Uint8Array): void {
    const records = this.#tables.get(table) ?? new Map<string, unknown>()
    this.#tables.set(table, records)
    this.#sorted.delete(table)
    records.set(key, new Row(bytes))
    this.#note(table, key)
  }

  keys(table: keyof Tables & string): readonly string[] {
    const known = this.#sorted.get(table)
    if (known !== undefined) return known
    const sorted = [...(this.#tables.get(table)?.keys() ?? [])].sort()
    this.#sorted.set(table, sorted)
    return sorted
  }

  /** Tables with a record, ascending. */
  names(): readonly (keyof Tables & string)[] {
    return [...this.#tables]
      .filter(([, records]) => records.size > 0)
      .map(([name]) => name)
      .sort()
  }

  apply(writes: readonly Write<Tables>[]): void {
    for (const { table, key, value } of writes) {
      const records = this.#tables.get(table) ?? new Map<string, unknown>()
      this.#tables.set(table, records)
      if (records.has(key) !== (value !== undefined)) this.#sorted.delete(table)
      if (value === undefined) records.delete(key)
      else records.set(key, value)
      this.#note(table, key)
    }
  }

  /** By table, the keys that were written since the last call: for whoever keeps something beside the state. */
  takeChanged(): ReadonlyMap<keyof Tables & string, ReadonlySet<string>> {
    const changed = this.#changed
    this.#changed = new Map()
    return changed
  }

  #note(table: string, key: string): void {
    const keys = this.#changed.get(table)
    if (keys === undefined) this.#changed.set(table, new Set([key]))
    else keys.add(key)
  }
}
