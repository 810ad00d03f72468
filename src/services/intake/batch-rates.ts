import type { Did } from '../../model/ids.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'

/** In units of about 25 µs of processor, each with what is granted at once. */
export interface BatchRatesLimits {
  readonly perSecond: number
  readonly burst: number
  readonly allPerSecond: number
  readonly allBurst: number
}

/** A batch costs its signature, and each body its reading: the smallest are of about 400 bytes. */
const BATCH_UNITS = 16
const BYTES_OF_A_UNIT = 256

/** What a batch of so many bytes costs whoever judges it. */
export function unitsOf(bytes: number): number {
  return BATCH_UNITS + Math.ceil(bytes / BYTES_OF_A_UNIT)
}

/**
 * A peer has two fifths of a processor, which is 940 single envelopes a second or 9,300 in large batches; all have three fifths. It
 * is less where keys and batches are known: what is said again costs no signature.
 */
const BATCH_RATES: BatchRatesLimits = {
  perSecond: 16_000,
  burst: 64_000,
  allPerSecond: 24_000,
  allBurst: 64_000,
}

/**
 * How many batches of peers are judged: keys cost nothing, so that anybody can sign any number of envelopes that are of use to
 * nobody. Those whom the network trusts are not counted. Source: network.md (messages per second per peer).
 */
export class BatchRates {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #isTrusted: (peer: Did) => boolean
  readonly #peers: TokenBuckets<Did>
  readonly #all: TokenBucket

  constructor(
    clock: Pick<Clock, 'monotonicMs'>,
    isTrusted: (peer: Did) => boolean,
    limits: BatchRatesLimits = BATCH_RATES,
  ) {
    this.#clock = clock
    this.#isTrusted = isTrusted
    this.#peers = new TokenBuckets(limits.perSecond, limits.burst)
    this.#all = new TokenBucket(limits.allPerSecond, limits.allBurst, clock.monotonicMs())
  }

  /** Counts a batch of so many bytes. False, and nothing is counted: it is beyond what may be judged now. */
  take(peer: Did, bytes: number): boolean {
    if (this.#isTrusted(peer)) return true
    const nowMs = this.#clock.monotonicMs()
    const units = unitsOf(bytes)
    const own = this.#peers.of(peer, nowMs)
    if (!own.take(units, nowMs)) return false
    if (this.#all.take(units, nowMs)) return true
    own.give(units)
    return false
  }
}
