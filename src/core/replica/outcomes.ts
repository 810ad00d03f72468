import type { LogIndex } from '../../model/raft.ts'
import { REMEMBERED_POSITIONS, type Ticket, type Verdict } from '../../model/replicated.ts'

/** What came of a command, and where. */
export interface Settled {
  readonly position: number
  readonly index: LogIndex
  readonly verdict: Verdict
}

/** What an outcome takes beside key, result and message: entries of map and queue, two objects. */
const OUTCOME_BYTES = 192
const RESULT_OVERHEAD_BYTES = 160
/** Places at the head of the queue that may lie empty before it is copied. */
const HOLES_MAX = 1024
/** Most results are empty: one object stands for all of them. */
const NOTHING: Verdict = { kind: 'applied', result: new Uint8Array(0) }

/**
 * What came of a group's latest commands, by the text of their ticket's key; oldest first. Replicated state: whether a
 * command was there before decides what it does. What is forgotten is so by position, everywhere at the same entry,
 * and a ticket that was born before what is remembered is too old: never is a command applied twice.
 */
export class Outcomes {
  readonly #byKey = new Map<string, Settled>()
  /** In order of application; those before `#head` are gone. */
  #order: string[] = []
  #head = 0
  #bytes = 0
  #floor = 0

  /** Nothing that was applied at a position below it is remembered. */
  get floor(): number {
    return this.#floor
  }

  get size(): number {
    return this.#byKey.size
  }

  /** What it takes in memory, about. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Settled | undefined {
    return this.#byKey.get(key)
  }

  /** Positions rise from call to call, and no key that is there is set again. */
  set(key: string, settled: Settled): void {
    const { verdict } = settled
    const isNothing = verdict.kind === 'applied' && verdict.result.length === 0
    this.#byKey.set(key, isNothing ? { ...settled, verdict: NOTHING } : settled)
    this.#order.push(key)
    this.#bytes += bytesOf(key, verdict)
  }

  /** Forgets what was applied below a position, for good. */
  forgetBelow(position: number): void {
    this.#floor = Math.max(this.#floor, position)
    for (; this.#head < this.#order.length; this.#head++) {
      const key = this.#order[this.#head] as string
      const settled = this.#byKey.get(key)
      if (settled !== undefined && settled.position >= position) break
      if (settled !== undefined) this.delete(key)
    }
    if (this.#head < HOLES_MAX || this.#head * 2 < this.#order.length) return
    this.#order = this.#order.slice(this.#head)
    this.#head = 0
  }

  /** Not as one that is forgotten: the key may come again. For tests that break something. */
  delete(key: string): void {
    const settled = this.#byKey.get(key)
    if (settled === undefined) return
    this.#bytes -= bytesOf(key, settled.verdict)
    this.#byKey.delete(key)
  }

  /** Oldest first. */
  entries(): readonly (readonly [string, Settled])[] {
    return this.#order.slice(this.#head).flatMap((key) => {
      const settled = this.#byKey.get(key)
      return settled === undefined ? [] : [[key, settled] as const]
    })
  }
}

/** Whether a ticket can no longer be applied: what came of it may be forgotten. */
export function isExpired(
  ticket: Ticket,
  { position, settled }: { readonly position: number; readonly settled: Outcomes },
): boolean {
  return ticket.born < Math.max(settled.floor, rememberedFrom(position))
}

/** The lowest position whose outcome is remembered when a group has got so far, if nothing more was forgotten. */
export function rememberedFrom(position: number): number {
  return position - REMEMBERED_POSITIONS + 1
}

function bytesOf(key: string, verdict: Verdict): number {
  const { length } = verdict.kind === 'applied' ? verdict.result : verdict.message
  return OUTCOME_BYTES + key.length + (length === 0 ? 0 : RESULT_OVERHEAD_BYTES + length)
}
