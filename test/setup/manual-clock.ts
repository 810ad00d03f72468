import type { Clock } from '../../src/ports/clock.ts'

interface Task {
  readonly at: number
  readonly run: () => void
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #ms = 0
  readonly #startMs: number
  readonly #tasks = new Set<Task>()

  constructor(startMs = 1_763_715_600_000) {
    this.#startMs = startMs
  }

  /** Tasks that wait for their time. */
  get waiting(): number {
    return this.#tasks.size
  }

  nowMs(): number {
    return this.#startMs + this.#ms
  }

  nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n
  }

  monotonicMs(): number {
    return this.#ms
  }

  after(delayMs: number, run: () => void): () => void {
    const task = { at: this.#ms + delayMs, run }
    this.#tasks.add(task)
    return () => this.#tasks.delete(task)
  }

  /** Goes on by `ms` and runs what is due, in order of time. */
  advance(ms: number): void {
    const end = this.#ms + ms
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#tasks.delete(next)
      this.#ms = next.at
      next.run()
    }
    this.#ms = end
  }

  #due(end: number): Task | undefined {
    const due = [...this.#tasks].filter((task) => task.at <= end)
    return due.sort((a, b) => a.at - b.at)[0]
  }
}
