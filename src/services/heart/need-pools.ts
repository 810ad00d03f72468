import type { CID } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { NeedPool, type Pooled, sightingsOf } from '../../core/proposer/pool.ts'
import { ALL_STRANGERS, type Standing, type StandingOf } from '../../core/proposer/standing.ts'

/** Needs that nobody here has heard of, for which something was said. */
const EARLY_NEEDS_MAX = 4_096
/** Of each, and bytes of all of them together: whoever goes beyond pushes out what came first. */
const EARLY_MAX = 64
const EARLY_BYTES_MAX = 16_777_216

/** Where a need is, as this node knows: `over` has its certificate, and nothing that is said of it matters any more. */
export type NeedPlace = 'unknown' | 'open' | 'over'

/** Who has which claim to be heard in a need that is open here, and whose words a statement about it names. */
export interface NeedStandings {
  readonly of: StandingOf
  readonly least: Standing
}

/**
 * What this voter has seen of every need: a need's pool lives from the first word on until it is over. What is said of a
 * need before it is open here is kept, within bounds.
 */
export class NeedPools {
  readonly #standings: (need: string) => NeedStandings | undefined
  readonly #pools = new Map<string, NeedPool>()
  /** Words and bytes of needs that are not open here yet, oldest first. */
  readonly #early = new Map<string, { words: number; bytes: number }>()
  #earlyBytes = 0

  /** `standings`: undefined for a need that is not open here. */
  constructor(standings: (need: string) => NeedStandings | undefined = () => undefined) {
    this.#standings = standings
  }

  /** To look at; empty where nothing was said. */
  of(need: string): NeedPool {
    return this.#pools.get(need) ?? new NeedPool()
  }

  /** False: it is over the bounds, and can come again; or the need is over. */
  add(
    need: string,
    place: NeedPlace,
    envelope: SingleEnvelope,
    field: Pooled['field'],
    slot: number,
  ): boolean {
    if (place === 'over') return false
    if (place === 'unknown' && !this.#admitEarly(need, envelope.bytes.length)) return false
    const pool = this.of(need)
    this.#pools.set(need, pool)
    return pool.add({ envelope, field, seenAt: slot }, this.#standings(need)?.of ?? ALL_STRANGERS)
  }

  /** What a seen-statement of this voter about the need says. */
  sightings(need: string): [CID, number][] {
    const standings = this.#standings(need)
    return sightingsOf(this.of(need), standings?.of, standings?.least)
  }

  opened(need: string): void {
    this.#earlyBytes -= this.#early.get(need)?.bytes ?? 0
    this.#early.delete(need)
  }

  forget(need: string): void {
    this.#pools.delete(need)
    this.opened(need)
  }

  #admitEarly(need: string, bytes: number): boolean {
    const said = this.#early.get(need) ?? { words: 0, bytes: 0 }
    if (said.words >= EARLY_MAX) return false
    this.#early.set(need, { words: said.words + 1, bytes: said.bytes + bytes })
    this.#earlyBytes += bytes
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= EARLY_NEEDS_MAX && this.#earlyBytes <= EARLY_BYTES_MAX) break
      this.forget(oldest)
    }
    return this.#early.has(need)
  }
}
