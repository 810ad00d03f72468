import type { Shape, View, Write } from './view.ts'

/** A machine's state in memory. The driver owns it; `apply` alone changes it. */
export class Records<Tables extends Shape> implements View<Tables> {
  readonly #tables = new Map<string, Map<string, unknown>>()
  /** Sorted keys, until the set of keys changes. */
  readonly #sorted = new Map<string, readonly string[]>()
  /** Keys that were written since they were last asked for. */
  #changed = new Map<string, Set<string>>()

  get<Name extends keyof Tables & string>(table: Name, key: string): Tables[Name] | undefined {
    return this.#tables.get(table)?.get(key) as Tables[Name] | undefined
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
