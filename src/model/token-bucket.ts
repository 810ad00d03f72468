/** A rate with a burst: so many at once, filled again at so many a second. Time is the caller's, in milliseconds. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes `count`, or nothing. False: there are not so many. */
  take(count: number, nowMs: number): boolean {
    this.#fill(nowMs)
    if (count > this.#tokens) return false
    this.#tokens -= count
    return true
  }

  /** Takes `count` in any case, as a debt if need be: milliseconds until there is none. More than the burst is possible. */
  takeLate(count: number, nowMs: number): number {
    this.#fill(nowMs)
    this.#tokens -= count
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs)
  }

  /** Puts tokens back, up to the burst. */
  give(count: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + count)
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
  }
}
