import type { Records } from '../../core/records/tables.ts'
import type { Shape, Write } from '../../core/records/view.ts'
import type { SlotFacts } from '../../core/records/world.ts'
import { DefectError } from '../../model/fault.ts'
import type { SlotStore } from '../../ports/slot-store.ts'

/** Facts in memory: an hour of a development network's slots, a day of others'. */
const RECENT_MAX = 65_536

/**
 * Every slot that this node's hub has made, for as long as a bucket's log may name it. A bucket applies an item only once
 * its slot is here, so replicas never disagree about one. Source: consensus.md, "Time and chance: slots".
 */
export class SlotBook {
  readonly #recent = new Map<number, SlotFacts>()
  readonly #store: SlotStore
  #last = 0

  constructor(store: SlotStore) {
    this.#store = store
  }

  /** Number of the last slot; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Undefined for one that was not made yet. A slot that was made and is not kept is a defect: the group stops. */
  get(n: number): SlotFacts | undefined {
    const known = this.#recent.get(n)
    if (known !== undefined || n > this.#last || n < 1) return known
    const stored = this.#store.get(n)
    if (stored === undefined) throw new DefectError(`slot ${n} was made and is not kept`)
    return stored
  }

  /** What a step of the hub wrote. */
  noteWrites(writes: readonly Write<Shape>[]): void {
    for (const { table, value } of writes)
      if (table === 'slots' && value !== undefined) this.#note(value as SlotFacts)
  }

  /** The hub's state as it was restored. */
  noteState(hub: Records<Shape>): void {
    for (const key of hub.keys('slots')) this.#note(hub.get('slots', key) as SlotFacts)
  }

  #note(facts: SlotFacts): void {
    this.#recent.set(facts.n, facts)
    this.#last = Math.max(this.#last, facts.n)
    this.#store.put(facts)
    if (this.#recent.size <= RECENT_MAX) return
    const [oldest] = this.#recent.keys()
    if (oldest !== undefined) this.#recent.delete(oldest)
  }
}
