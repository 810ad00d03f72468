import { LruMap } from './lru-map.ts'
import { TokenBucket } from './token-bucket.ts'

/** Owners whose rates are remembered: whoever is forgotten begins with a full bucket, after so many others. */
const OWNERS_MAX = 4_096

/** The same rate for each of many, as `TokenBucket`. */
export class TokenBuckets<Owner> {
  readonly #perSecond: number
  readonly #burst: number
  readonly #buckets = new LruMap<Owner, TokenBucket>(OWNERS_MAX)

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond
    this.#burst = burst
  }

  /** Full where it is new. */
  of(owner: Owner, nowMs: number): TokenBucket {
    const known = this.#buckets.get(owner)
    if (known !== undefined) return known
    const bucket = new TokenBucket(this.#perSecond, this.#burst, nowMs)
    this.#buckets.set(owner, bucket)
    return bucket
  }
}
