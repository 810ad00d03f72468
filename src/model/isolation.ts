/** How far a task is kept from the machine that it runs on. Source: operations.md, "Agents" (exec). */
export type Isolation = 'none' | 'sandbox' | 'vm'

const LEAST_FIRST: readonly Isolation[] = ['none', 'sandbox', 'vm']

/** True when `given` keeps a task at least as far away as `wanted`. */
export function isolates(given: Isolation, wanted: Isolation): boolean {
  return LEAST_FIRST.indexOf(given) >= LEAST_FIRST.indexOf(wanted)
}

/** The stricter of two levels; `undefined` asks for nothing. */
export function strictest(one: Isolation, other: Isolation | undefined): Isolation {
  return other === undefined || isolates(one, other) ? one : other
}
