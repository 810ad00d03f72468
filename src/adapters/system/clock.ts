import type { Clock } from '../../ports/clock.ts'

/** Where a clock reads from; others than the system's only in tests. */
export interface TimeSource {
  /** Wall clock, milliseconds since 1970. */
  readonly wallMs: () => number
  /** Nanoseconds since some start; never goes back. */
  readonly monotonicNs: () => bigint
}

const NS_PER_MS = 1_000_000n

/** How far the counter may be from the wall clock before the wall clock is believed. */
const DRIFT_MAX_NS = 5n * NS_PER_MS

/** setTimeout takes no more; it would run the task at once. */
const TIMEOUT_MS_MAX = 2_147_483_647

/**
 * Nanoseconds since 1970 of a wall clock that knows milliseconds: counted on from the wall clock by the monotonic counter, so
 * that readings are distinct and in order, until the two differ by more than 5 ms (the wall clock was set, or the machine
 * slept): then it starts again from the wall clock, which may be a jump either way.
 */
export function wallNanoseconds({ wallMs, monotonicNs }: TimeSource): () => bigint {
  let offset = BigInt(Math.floor(wallMs())) * NS_PER_MS - monotonicNs()
  let last = 0n
  return () => {
    const wall = BigInt(Math.floor(wallMs())) * NS_PER_MS
    const counted = monotonicNs() + offset
    const drift = counted > wall ? counted - wall : wall - counted
    if (drift > DRIFT_MAX_NS) {
      offset += wall - counted
      last = wall
    } else {
      last = counted > last ? counted : last + 1n
    }
    return last
  }
}

const wallNs = wallNanoseconds({ wallMs: () => Date.now(), monotonicNs: () => process.hrtime.bigint() })

/**
 * Time of this machine. `nowMs` is the wall clock as it is; `nowNs` is the same to the nanosecond, distinct and in order
 * between adjustments; `monotonicMs` has fractions. A delay of more than 24.8 days is waited in parts; a delay below
 * nothing is none. A task that waits keeps the process alive.
 */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowNs: wallNs,
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const partMs = Math.min(leftMs, TIMEOUT_MS_MAX)
      timer = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : task()), partMs)
    }
    wait(Math.max(0, delayMs))
    return () => clearTimeout(timer)
  },
}
