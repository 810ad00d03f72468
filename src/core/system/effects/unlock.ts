import type { ToHubOf } from '../../../codec/entry/effect.ts'
import { returnBond } from '../../ledger/bond.ts'
import { slashSplit, unlockSeat } from '../../ledger/slash.ts'
import type { SlotFacts } from '../../records/world.ts'
import { isSeatOf } from '../penalties.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { WORKER } from './reserve.ts'
import { noteFailedBid } from './slash.ts'

/**
 * A worker's bond goes back, what was slashed of it left out; or a seat's lock opens before its need ends.
 * Source: lifecycle.md, "Entries of a need" (`lapse`, `yield`, `release`).
 */
export function applyUnlock(
  turn: Turn,
  id: string,
  need: Need,
  effect: ToHubOf<'unlock'>,
  now: SlotFacts,
): void {
  const { account, role } = effect
  if (role !== 'worker') return unlockSeats(turn, id, need, effect)
  if (effect.unclaimed === true) noteUnclaimed(turn, need, account, now)
  const bond = turn.need(id)?.bonds.find((one) => one.account === account && one.what === WORKER)
  if (bond === undefined || bond.left === 0n) return undefined
  returnBond(turn.book, account, bond.left, `bond ${id}`)
  const bonds = need.bonds.map((one) => (one === bond ? { ...one, left: 0n } : one))
  return turn.putNeed(id, { ...need, bonds })
}

function noteUnclaimed(turn: Turn, need: Need, account: string, now: SlotFacts): void {
  if (need.bidders.includes(account)) noteFailedBid(turn, account, now)
}

function unlockSeats(
  turn: Turn,
  id: string,
  need: Need,
  { account, role, attempt }: ToHubOf<'unlock'>,
): void {
  const split = slashSplit(turn.network.isBootstrap, turn.settings.parameters)
  const opened = need.seats.filter((seat) => isSeatOf(seat, account, role, attempt))
  for (const seat of opened) unlockSeat(turn.book, account, seat.amount, `seat ${id} ${seat.role}`, split)
  turn.putNeed(id, { ...need, seats: need.seats.filter((seat) => !opened.includes(seat)) })
}
