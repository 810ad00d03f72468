/** Who may sit in a need's seats, and drawing them. Source: lifecycle.md, "Committees". */
import type { ToBucketOf } from '../../codec/entry/effect.ts'
import { SEATS_MAX } from '../../codec/entry/fields.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { freeStake, lockSeat } from '../ledger/stake.ts'
import { DRAW_START, type Drawn, type DrawState, drawSeats } from '../market/draw.ts'
import { type Links, linkKey, type Party, relatedTo } from '../market/related.ts'
import type { RosterMember } from '../market/roster.ts'
import { joined } from './parties.ts'
import type { Need, RoleState } from './tables.ts'
import type { Turn } from './turn.ts'

/** What an effect says of a draw. */
export type DrawnSeats = Omit<
  ToBucketOf<'seated'>,
  'v' | 'kind' | 'need' | 'role' | 'attempt' | 'challenge' | 'wave' | 'answered'
>

/** An account with what is attested of it. */
export function partyOf(turn: Turn, did: string): Party {
  const { org, asn } = turn.agent(did) ?? {}
  return {
    did: did as Did,
    ...(org === undefined ? {} : { org }),
    ...(asn === undefined ? {} : { asn }),
  }
}

/** Links that both sides signed, of these accounts. */
export function linksOf(turn: Turn, dids: readonly string[]): Links {
  return new Set(
    dids.flatMap((did) => (turn.agent(did)?.links ?? []).map((other) => linkKey(did as Did, other as Did))),
  )
}

/** Requester, bidders and `others`, all that are related to them, and who is not named where judges are. */
export function excludedFrom(
  turn: Turn,
  need: Need,
  members: readonly RosterMember[],
  others: readonly string[],
): ReadonlySet<Did> {
  const barred = [...new Set([need.requester, ...need.bidders, ...others])]
  const parties = barred.map((did) => partyOf(turn, did))
  const related = relatedTo(parties, members, linksOf(turn, barred), turn.settings.parameters)
  const { judges } = need
  const unnamed = judges === undefined ? [] : members.filter(({ did }) => !judges.includes(did))
  return new Set([...(barred as Did[]), ...related, ...unnamed.map(({ did }) => did)])
}

/** How many of the roster may sit: what the quorums follow from. */
export function countEligible(
  members: readonly RosterMember[],
  excluded: ReadonlySet<Did>,
  capability: string,
): number {
  return members.filter(({ did, capabilities }) => !excluded.has(did) && capabilities.includes(capability))
    .length
}

/** A draw that is asked for. `planned`: locks of the same step that are not in the ledger yet. */
export interface SeatDraw {
  readonly members: readonly RosterMember[]
  readonly weights?: ReadonlyMap<Did, bigint>
  readonly seed: Uint8Array
  readonly from?: DrawState
  readonly count: number
  readonly excluded: ReadonlySet<Did>
  readonly lock: bigint
  readonly planned?: ReadonlySet<Did>
}

/** Draws seats for which the stake is there now; nothing is locked yet. */
export function draw(turn: Turn, need: Need, asked: SeatDraw): Drawn {
  const { members, weights, seed, from = DRAW_START, count, excluded, lock, planned } = asked
  const hasStake = (did: Did): boolean => {
    const wanted = planned?.has(did) === true ? 2n * lock : lock
    return turn.agent(did)?.isActive === true && freeStake(turn.book.account(did)) >= wanted
  }
  return drawSeats({
    members,
    ...(weights === undefined ? {} : { weights }),
    seed,
    from,
    count,
    excluded,
    taskClass: need.class,
    hasStake,
    capability: need.capability,
    parameters: turn.settings.parameters,
    sha256: turn.world.sha256,
  })
}

/** Locks the stake of who was drawn, and notes them as parties of the need. */
export function seat(turn: Turn, need: Need, id: string, key: string, dids: readonly Did[]): Need {
  for (const did of dids) {
    const isLocked = lockSeat(turn.book, did, need.lock, `seat ${id} ${key}`)
    assert(isLocked, 'who is drawn has the stake')
  }
  const seats = dids.map((account) => ({ account, role: key, amount: need.lock }))
  return joined(turn, { ...need, seats: [...need.seats, ...seats] }, dids)
}

/** The draw as an effect tells it; of more skips than an effect has room for, the first. */
export function toEffect({ slot, seed, roster }: RoleState, drawn: Drawn): DrawnSeats {
  return {
    slot,
    seed,
    roster: Uint8Array.fromHex(roster),
    seats: [...drawn.seats],
    skips: drawn.skips.slice(0, SEATS_MAX),
    relaxed: [...drawn.relaxed],
    used_up: drawn.isUsedUp,
  }
}
