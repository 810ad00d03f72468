import type { Did, ThreadId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Clock } from '../../ports/clock.ts'

const QUARANTINE_MS = 600_000
const ENTRIES_MAX = 4_096

/** Documents of peers that were bad: a peer's word about one thread, for ten minutes. Others of both are not concerned. */
export class Quarantine {
  readonly #until = new LruMap<string, number>(ENTRIES_MAX)
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #count = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** How many were put in since the start. */
  get count(): number {
    return this.#count
  }

  put(peer: Did, thread: ThreadId): void {
    this.#count++
    this.#until.set(`${peer} ${thread}`, this.#clock.monotonicMs() + QUARANTINE_MS)
  }

  has(peer: Did, thread: ThreadId): boolean {
    return (this.#until.get(`${peer} ${thread}`) ?? 0) > this.#clock.monotonicMs()
  }
}
