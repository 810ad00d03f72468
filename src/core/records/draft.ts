import type { Shape, View, Write } from './view.ts'

/** A view upon a view that keeps what is written to it: a step reads what it wrote, and hands it out at its end. */
export class Draft<Tables extends Shape> implements View<Tables> {
  readonly #base: View<Tables>
  readonly #written = new Map<string, Map<string, unknown>>()

  constructor(base: View<Tables>) {
    this.#base = base
  }

  get<Name extends keyof Tables & string>(table: Name, key: string): Tables[Name] | undefined {
    const written = this.#written.get(table)
    return written?.has(key) ? (written.get(key) as Tables[Name] | undefined) : this.#base.get(table, key)
  }

  keys(table: keyof Tables & string): readonly string[] {
    const written = this.#written.get(table)
    const base = this.#base.keys(table)
    if (written === undefined) return base
    const all = new Set(base)
    for (const [key, value] of written) {
      if (value === undefined) all.delete(key)
      else all.add(key)
    }
    return [...all].sort()
  }

  put<Name extends keyof Tables & string>(table: Name, key: string, value: Tables[Name] | undefined): void {
    const written = this.#written.get(table) ?? new Map<string, unknown>()
    this.#written.set(table, written.set(key, value))
  }

  /** Each record once, as it stood last. */
  writes(): readonly Write<Tables>[] {
    return [...this.#written].flatMap(([table, records]) =>
      [...records].map(([key, value]) => ({ table, key, value }) as unknown as Write<Tables>),
    )
  }
}
