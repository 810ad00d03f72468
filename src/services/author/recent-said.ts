import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { needOfBody } from '../../core/agent/line.ts'

/** What was said so long before the last word may matter still: a need's `open` may not have come to this node yet. */
const RECENT_MS = 3_600_000
/** Words after which those that are of no use are let go. */
const SWEEP_WORDS = 4_096

/**
 * Of what an author has said, in order: all that is about needs that are open, and all of its last hour. The rest the journal
 * has.
 */
export class RecentSaid {
  readonly #isOpen: (need: string) => boolean
  #said: ReadBody[] = []
  #lastMs = 0
  #sweepAt = SWEEP_WORDS

  constructor(isOpen: (need: string) => boolean) {
    this.#isOpen = isOpen
  }

  note(read: ReadBody): void {
    this.#said.push(read)
    this.#lastMs = Math.max(this.#lastMs, read.body.ts)
    if (this.#said.length < this.#sweepAt) return
    this.#sweep()
    this.#sweepAt = 2 * this.#said.length + SWEEP_WORDS
  }

  all(): readonly ReadBody[] {
    this.#sweep()
    return this.#said
  }

  #sweep(): void {
    this.#said = this.#said.filter(({ body }) => {
      if (body.ts > this.#lastMs - RECENT_MS) return true
      const need = needOfBody(body)
      return need !== undefined && this.#isOpen(need)
    })
  }
}
