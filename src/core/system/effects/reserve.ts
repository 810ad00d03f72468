import type { ToHubOf } from '../../../codec/entry/effect.ts'
import { lockBond } from '../../ledger/bond.ts'
import { relatedTo } from '../../market/related.ts'
import type { SlotFacts } from '../../records/world.ts'
import { linksOf, partyOf } from '../committee.ts'
import { joined } from '../parties.ts'
import type { Bond, Need } from '../tables.ts'
import type { Turn } from '../turn.ts'

/**
 * Locks the bonds of the best bidders. Refused are, by name: who is banned, who sits in the need, who is its requester or related to him or to
 * who sits in it, and who has too little. Source: lifecycle.md (`close`, `reserved`); economy.md, "Auction, leases, routing", "Pools, …" (Related parties).
 */
export function applyReserve(
  turn: Turn,
  id: string,
  need: Need,
  effect: ToHubOf<'reserve'>,
  now: SlotFacts,
): void {
  const refused: (typeof effect.bids)[number]['bidder'][] = []
  let next = need
  for (const bid of effect.bids) {
    const bonded = reserve(turn, id, next, bid, now)
    if (bonded === undefined) refused.push(bid.bidder)
    else next = bonded
  }
  turn.putNeed(id, next)
  const { bid_round } = effect
  turn.send(need.bucket, { v: 1, kind: 'reserved', need: effect.need, slot: now.n, bid_round, refused })
}

/** The need with this bidder's bond, or undefined. Who has bonded in an earlier round keeps that bond, and adds what it lacks. */
function reserve(
  turn: Turn,
  id: string,
  need: Need,
  { bidder, bond }: ToHubOf<'reserve'>['bids'][number],
  now: SlotFacts,
): Need | undefined {
  if ((turn.agent(bidder)?.bannedUntil ?? 0) > now.time) return undefined
  if (isOfOtherSide(turn, need, bidder)) return undefined
  const held = need.bonds.find((one) => one.account === bidder && one.what === WORKER)
  const wanted = BigInt(bond)
  const missing = held === undefined || held.left < wanted ? wanted - (held?.left ?? 0n) : 0n
  if (!lockBond(turn.book, bidder, missing, `bond ${id}`)) return undefined
  const entry: Bond = { account: bidder, what: WORKER, left: (held?.left ?? 0n) + missing, of: wanted }
  const bidders = need.bidders.includes(bidder) ? need.bidders : [...need.bidders, bidder]
  const bonds = [...need.bonds.filter((one) => one !== held), entry]
  return joined(turn, { ...need, bidders, bonds }, [bidder])
}

/** A worker's bond, in `Bond.what`. */
export const WORKER = 'worker'

function isOfOtherSide(turn: Turn, need: Need, bidder: string): boolean {
  const others = [need.requester, ...need.roles.flatMap(({ taken }) => taken)]
  if (others.includes(bidder)) return true
  const parties = others.map((did) => partyOf(turn, did))
  const links = linksOf(turn, [bidder, need.requester])
  return relatedTo(parties, [partyOf(turn, bidder)], links, turn.settings.parameters).size > 0
}
