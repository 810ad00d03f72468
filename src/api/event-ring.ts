import type { EventKind, NodeEvent } from '../verbs/events.ts'

/** An event with its place in the ring. */
export interface RingEvent {
  /** From 1 on. */
  readonly n: number
  readonly event: NodeEvent
}

/** What a reader gets next. `lost`: how many were overwritten before it came for them. */
export interface RingBatch {
  readonly lost: number
  readonly events: readonly RingEvent[]
}

/**
 * The last so many events. Readers come for them at their own pace, so that a slow one costs nothing and delays nobody: it
 * finds a gap.
 */
export class EventRing {
  readonly #slots: (RingEvent | undefined)[]
  #last = 0
  readonly #waiting = new Set<() => void>()

  constructor(size: number) {
    this.#slots = Array.from({ length: size })
  }

  /** Number of the newest; 0 before the first. */
  get last(): number {
    return this.#last
  }

  add(event: NodeEvent): void {
    this.#last += 1
    this.#slots[this.#last % this.#slots.length] = { n: this.#last, event }
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Up to `most` of those after number `n`. */
  after(n: number, most: number): RingBatch {
    const first = Math.max(n + 1, this.#last - this.#slots.length + 1, 1)
    const events: RingEvent[] = []
    for (let at = first; at <= this.#last && events.length < most; at++) {
      const one = this.#slots[at % this.#slots.length]
      if (one !== undefined) events.push(one)
    }
    return { lost: first - n - 1, events }
  }

  /** Calls `wake` once, at the next event; the returned function takes that back. */
  onNext(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }
}

/** Whether a reader asked for it. */
export interface EventFilter {
  readonly kinds: ReadonlySet<EventKind>
  readonly need?: string
  readonly thread?: string
}

export function isWanted({ kind, data }: NodeEvent, { kinds, need, thread }: EventFilter): boolean {
  if (!kinds.has(kind)) return false
  if (need !== undefined) return 'need' in data && data['need'] === need
  if (thread !== undefined) return kind === 'need' && data.thread === thread
  return true
}
