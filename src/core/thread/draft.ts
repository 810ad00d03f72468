import type { ThreadTables, ThreadView, ThreadWrites } from './view.ts'

/** One table as a step sees it: its own changes over the rows of the view. */
export class DraftTable<K, V> {
  readonly changes = new Map<K, V | null>()
  readonly #base: ReadonlyMap<K, V>
  #size: number

  constructor(base: ReadonlyMap<K, V>) {
    this.#base = base
    this.#size = base.size
  }

  get size(): number {
    return this.#size
  }

  get(key: K): V | undefined {
    const change = this.changes.get(key)
    if (change === undefined) return this.#base.get(key)
    return change === null ? undefined : change
  }

  set(key: K, value: V): void {
    if (this.get(key) === undefined) this.#size++
    this.changes.set(key, value)
  }

  delete(key: K): void {
    if (this.get(key) === undefined) return
    this.#size--
    this.changes.set(key, null)
  }
}

/** A view with the changes of one step on top; the view itself stays as it is. */
export type ThreadDraft = {
  readonly [Name in keyof ThreadTables]: DraftTable<ThreadTables[Name][0], ThreadTables[Name][1]>
}

export function draftOf(view: ThreadView): ThreadDraft {
  return {
    accepted: new DraftTable(view.accepted),
    slots: new DraftTable(view.slots),
    senders: new DraftTable(view.senders),
    namedBy: new DraftTable(view.namedBy),
    heads: new DraftTable(view.heads),
    tips: new DraftTable(view.tips),
    held: new DraftTable(view.held),
    heldOf: new DraftTable(view.heldOf),
    waiting: new DraftTable(view.waiting),
  }
}

/** The changes alone, for `applyWrites`. */
export function writesOf(draft: ThreadDraft): ThreadWrites {
  return {
    accepted: draft.accepted.changes,
    slots: draft.slots.changes,
    senders: draft.senders.changes,
    namedBy: draft.namedBy.changes,
    heads: draft.heads.changes,
    tips: draft.tips.changes,
    held: draft.held.changes,
    heldOf: draft.heldOf.changes,
    waiting: draft.waiting.changes,
  }
}
