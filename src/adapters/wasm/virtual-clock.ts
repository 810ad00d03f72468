import { ERRNO, WasiError } from './errno.ts'

/** What a task sees when it starts: 2000-01-01T00:00:00Z. */
const EPOCH_NS = 946_684_800_000_000_000n

/** So much passes with each look at a clock, or a module that waits for time to pass would wait for ever. */
const NS_PER_READING = 1_000n

const REALTIME = 0
const CLOCKS = 4

/** The time of a task: the same on every node, since it passes by nothing but the task's own calls. Nanoseconds. */
export class VirtualClock {
  #now = 0n

  /** What clock `id` shows. */
  read(id: number): bigint {
    const offset = offsetOf(id)
    this.#now += NS_PER_READING
    return offset + this.#now
  }

  /** How long it is until clock `id` shows `time`; 0 when that has passed. */
  until(id: number, time: bigint): bigint {
    const wait = time - offsetOf(id) - this.#now
    return wait > 0n ? wait : 0n
  }

  /** Naps are over at once. */
  pass(duration: bigint): void {
    this.#now += duration
  }
}

function offsetOf(id: number): bigint {
  if (id >= CLOCKS) throw new WasiError(ERRNO.invalid)
  return id === REALTIME ? EPOCH_NS : 0n
}
