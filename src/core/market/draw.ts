import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Parameters } from '../../model/parameters.ts'
import type { TaskClass } from '../../model/task.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { CAPS_BY_RELAXATION, type Cap, SeatCaps } from './caps.ts'
import { DrawPool } from './draw-pool.ts'
import { type RosterMember, sortRoster } from './roster.ts'
import { weightsOf } from './weight.ts'

/** Where the drawing of a role's seats stands: plain data, to be stored and encoded. */
export interface DrawState {
  /** Number of the next draw; skips count too. */
  readonly j: number
  /** Who holds a seat of this role, in the order of drawing. */
  readonly taken: readonly Did[]
}

export const DRAW_START: DrawState = { j: 0, taken: [] }

/** Somebody who was drawn and got no seat. */
export interface Skip {
  readonly did: Did
  readonly why: 'stake' | `cap-${Cap}`
}

export interface DrawRequest {
  /** The roster of one slot, in any order, nobody twice. */
  readonly members: readonly RosterMember[]
  /** `roleSeed` of the role. */
  readonly seed: Uint8Array
  readonly from: DrawState
  /** Further seats, 0 or more. */
  readonly count: number
  /** Who may never sit here: requester, bidders, their related parties, whose verdict is judged. */
  readonly excluded: ReadonlySet<Did>
  readonly taskClass: TaskClass
  /** Whether the seat's lock can be taken now. Asked once for each member that is drawn; must not change meanwhile. */
  readonly hasStake: (did: Did) => boolean
  /** Only those with it are drawn. Absent: all. */
  readonly capability?: string
  /** `weightsOf(members)`, from a caller who has it already. */
  readonly weights?: ReadonlyMap<Did, bigint>
  readonly parameters: Parameters
  readonly sha256: Sha256
}

export interface Drawn {
  /** The further seats, in the order of drawing; fewer than asked for when the order is used up. */
  readonly seats: readonly Did[]
  readonly skips: readonly Skip[]
  readonly state: DrawState
  /** Caps that were given up because there were too few, in the fixed order region, asn, org; class simple alone. */
  readonly relaxed: readonly Cap[]
  /** True when fewer than asked for were found, or nobody is left for a further call. */
  readonly isUsedUp: boolean
}

/**
 * Further seats of a role, recomputable by anyone from seed, roster and what was skipped. Draw j takes the first 16
 * bytes of sha256(dag-cbor [seed, j]), big endian, modulo the weight of those not drawn yet. Who breaks a cap of all
 * seats of the role (those taken and those asked for), or lacks the stake, is skipped and not drawn again in this call;
 * a later call, with more seats in all, may draw him. Weight 0 is never drawn.
 *
 * Drawing a then b seats gives the seats of drawing a + b where none of the a + b draws is a skip. With skips it need
 * not: caps grow with the role, and who was skipped comes back into the pool. Drawing a then b is itself the same for
 * everybody, because the calls are entries.
 * Source: economy.md, "Pools, reputation, committees" (The draw); lifecycle.md, "Committees".
 */
export function drawSeats(request: DrawRequest): Drawn {
  const { from, count, taskClass, parameters } = request
  assert(Number.isSafeInteger(count) && count >= 0, 'seats are counted from 0 on')
  const pool = poolOf(request)
  const byDid = new Map(request.members.map((member) => [member.did, member]))
  const caps = new SeatCaps(from.taken.length + count, parameters)
  for (const did of from.taken) caps.seat(byDid.get(did))
  const seats: Did[] = []
  const skips: Skip[] = []
  const relaxed: Cap[] = []
  let j = from.j
  while (seats.length < count) {
    const member = pool.draw(j)
    if (member === undefined) {
      const cap = taskClass === 'simple' ? nextToRelax(relaxed, pool) : undefined
      if (cap === undefined) break
      relaxed.push(cap)
      caps.relax(cap)
      pool.bringBack()
      continue
    }
    j += 1
    const why = whySkipped(member, caps, request)
    if (why !== undefined) {
      skips.push({ did: member.did, why })
      if (why !== 'stake') pool.setAside(member)
      continue
    }
    seats.push(member.did)
    caps.seat(member)
  }
  const state = { j, taken: [...from.taken, ...seats] }
  return { seats, skips, state, relaxed, isUsedUp: seats.length < count || isBare(pool) }
}

function poolOf({
  members,
  weights,
  seed,
  from,
  excluded,
  capability,
  parameters,
  sha256,
}: DrawRequest): DrawPool {
  const taken = new Set(from.taken)
  const eligible = sortRoster(members).filter(
    ({ did, capabilities }) =>
      !taken.has(did) &&
      !excluded.has(did) &&
      (capability === undefined || capabilities.includes(capability)),
  )
  return new DrawPool(eligible, weights ?? weightsOf(members, parameters), seed, sha256)
}

function isBare(pool: DrawPool): boolean {
  return pool.isEmpty && pool.aside === 0
}

function whySkipped(
  member: RosterMember,
  caps: SeatCaps,
  { hasStake }: DrawRequest,
): Skip['why'] | undefined {
  const cap = caps.brokenBy(member)
  if (cap !== undefined) return `cap-${cap}`
  return hasStake(member.did) ? undefined : 'stake'
}

/** The next cap of the fixed order, as long as a cap keeps somebody out. */
function nextToRelax(relaxed: readonly Cap[], pool: DrawPool): Cap | undefined {
  return pool.aside === 0 ? undefined : CAPS_BY_RELAXATION[relaxed.length]
}
