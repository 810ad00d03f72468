import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { Clock } from '../../ports/clock.ts'

/** Of one author, each second: far below what voters take of one peer, and one batch. */
const BODIES_MAX = 256
const WAIT_MS = 1_000

/** Sends again what was said before a stop, in order, some of it each second, for as long as it waits. */
export class Resending {
  readonly #clock: Pick<Clock, 'after'>
  readonly #isWaiting: (read: ReadBody) => boolean
  readonly #cancels = new Set<() => void>()

  /** `isWaiting`: no entry carries it yet, and it is of use. */
  constructor(clock: Pick<Clock, 'after'>, isWaiting: (read: ReadBody) => boolean) {
    this.#clock = clock
    this.#isWaiting = isWaiting
  }

  /** The first of it at once. */
  begin(bodies: readonly ReadBody[], send: (bodies: readonly ReadBody[]) => void): void {
    const waiting = bodies.filter(this.#isWaiting)
    if (waiting.length === 0) return
    send(waiting.slice(0, BODIES_MAX))
    const rest = waiting.slice(BODIES_MAX)
    if (rest.length === 0) return
    const cancel = this.#clock.after(WAIT_MS, () => {
      this.#cancels.delete(cancel)
      this.begin(rest, send)
    })
    this.#cancels.add(cancel)
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }
}
