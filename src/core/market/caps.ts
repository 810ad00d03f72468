import type { Parameters } from '../../model/parameters.ts'
import type { RosterMember } from './roster.ts'

export type Cap = 'org' | 'asn' | 'region'

/** In which order class simple gives them up. Source: economy.md, "Pools, reputation, committees" (The draw). */
export const CAPS_BY_RELAXATION: readonly Cap[] = ['region', 'asn', 'org']

/** In which order a member is held against them: the narrowest first. */
const CAPS: readonly Cap[] = ['org', 'asn', 'region']

const WHOLE = 1_000_000

/**
 * Seats of a role by organisation, autonomous system and region, and how many each may have: its share of all seats,
 * rounded down, at least one. What is not attested is the class "unverified", with the same cap.
 * Source: economy.md, "Pools, reputation, committees".
 */
export class SeatCaps {
  readonly #most: Readonly<Record<Cap, number>>
  readonly #seated: Readonly<Record<Cap, Map<string | number | undefined, number>>>
  readonly #relaxed = new Set<Cap>()

  /** `seats`: of the role in all, those that are still to be filled included. */
  constructor(seats: number, { orgCapPpm, asnCapPpm, regionCapPpm }: Parameters) {
    this.#most = {
      org: seatsOf(seats, orgCapPpm),
      asn: seatsOf(seats, asnCapPpm),
      region: seatsOf(seats, regionCapPpm),
    }
    this.#seated = { org: new Map(), asn: new Map(), region: new Map() }
  }

  /** The first cap that one more seat for this member would break; undefined for none. */
  brokenBy(member: RosterMember): Cap | undefined {
    return CAPS.find(
      (cap) => !this.#relaxed.has(cap) && (this.#seated[cap].get(member[cap]) ?? 0) >= this.#most[cap],
    )
  }

  /** Counts a seat. Who has left the roster since counts for nobody. */
  seat(member: RosterMember | undefined): void {
    if (member === undefined) return
    for (const cap of CAPS) {
      const seated = this.#seated[cap]
      seated.set(member[cap], (seated.get(member[cap]) ?? 0) + 1)
    }
  }

  /** From now on the cap keeps nobody out. */
  relax(cap: Cap): void {
    this.#relaxed.add(cap)
  }
}

/** Below 2^53 up to 9 * 10^9 seats. */
function seatsOf(seats: number, sharePpm: number): number {
  return Math.max(1, Math.floor((seats * sharePpm) / WHOLE))
}
