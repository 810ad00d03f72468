/** Slashes of who sits in a need or works for it: each once. Source: economy.md, "Stake and slashing". */

import {
  least,
  partOf,
  type SlashSplit,
  slashable,
  slashBond,
  slashSplit,
  slashStake,
} from '../ledger/slash.ts'
import type { ReputationEvent } from '../market/reputation.ts'
import { hasSat } from './fees.ts'
import { noteEvent } from './standing.ts'
import type { Need, Seat } from './tables.ts'
import type { Turn } from './turn.ts'

/** What is taken of a seat's account. */
export interface SeatPenalty {
  readonly account: string
  readonly role: string
  readonly attempt: number
  readonly ppm: number
  readonly times: number
  readonly isWholeLock: boolean
  readonly challenger?: string
  /** Under which name it is done, so that it is done once. */
  readonly why: string
  readonly event?: ReputationEvent
}

/** Slashes an account for what it did in a seat of this need: its lock of that seat first. No seat, no slash. */
export function slashSeat(turn: Turn, need: Need, penalty: SeatPenalty): Need {
  const { account, role, attempt, ppm, times, isWholeLock, challenger, why, event } = penalty
  const key = `${why} ${role}/${attempt} ${account}`
  if (need.done.includes(key) || !hasSat(need, role, attempt, account)) return need
  const { book, network, settings } = turn
  const seats = need.seats.filter((seat) => isSeatOf(seat, account, role, attempt))
  const lock = seats.reduce((sum, { amount }) => sum + amount, 0n)
  const whole = slashable(book.account(account))
  const asked = (isWholeLock ? lock : 0n) + partOf(whole, ppm) * BigInt(times)
  const split = slashSplit(network.isBootstrap, settings.parameters)
  const { taken, fromLock } = slashStake(book, account, lock, least(asked, whole), challenger, split)
  if (event !== undefined) noteEvent(turn, account, event)
  const left = reduced(need.seats, seats, fromLock)
  return { ...need, lost: lostWith(need, taken, challenger, split), seats: left, done: [...need.done, key] }
}

/** 1% of the stake for each who said nothing in its seat. */
export function slashSilence(
  turn: Turn,
  need: Need,
  role: string,
  attempt: number,
  silent: readonly string[],
): Need {
  const ppm = turn.settings.parameters.slashSilencePpm
  return silent.reduce(
    (before, account) =>
      slashSeat(turn, before, {
        account,
        role,
        attempt,
        ppm,
        times: 1,
        isWholeLock: false,
        why: 'silent-seat',
      }),
    need,
  )
}

/** The whole lock of each who said nothing until the end. Source: lifecycle.md, "States" (SPLIT). */
export function forfeitLocks(
  turn: Turn,
  need: Need,
  role: string,
  attempt: number,
  silent: readonly string[],
): Need {
  return silent.reduce(
    (before, account) =>
      slashSeat(turn, before, {
        account,
        role,
        attempt,
        ppm: 0,
        times: 1,
        isWholeLock: true,
        why: 'forfeit',
      }),
    need,
  )
}

/** A lock of this account in a seat of this role and attempt, whatever the challenge. */
export function isSeatOf(seat: Seat, account: string, role: string, attempt: number): boolean {
  const key = `${role}/${attempt}`
  return seat.account === account && (seat.role === key || seat.role.startsWith(`${key}/`))
}

/** The seats after `taken` of these locks is gone. */
function reduced(all: readonly Seat[], from: readonly Seat[], taken: bigint): readonly Seat[] {
  let rest = taken
  return all.flatMap((seat) => {
    if (!from.includes(seat)) return [seat]
    const part = least(seat.amount, rest)
    rest -= part
    return part === seat.amount ? [] : [{ ...seat, amount: seat.amount - part }]
  })
}

/** What the need's slashes have taken with this one, its challenger's reward left out. */
function lostWith(
  { lost }: Need,
  taken: bigint,
  challenger: string | undefined,
  { challengerPpm }: SlashSplit,
): bigint {
  return lost + taken - (challenger === undefined ? 0n : partOf(taken, challengerPpm))
}

/** Slashes what is left of a bond; percentages are of what it was. */
export function slashNeedBond(
  turn: Turn,
  need: Need,
  account: string,
  what: string,
  ppm: number,
  times: number,
  challenger: string | undefined,
): Need {
  const bond = need.bonds.find((one) => one.account === account && one.what === what)
  if (bond === undefined) return need
  const { book, network, settings } = turn
  const taken = least(bond.left, partOf(bond.of, ppm) * BigInt(times))
  const split = slashSplit(network.isBootstrap, settings.parameters)
  slashBond(book, account, taken, challenger, split)
  const left = { ...bond, left: bond.left - taken }
  const bonds = need.bonds.map((one) => (one === bond ? left : one))
  return { ...need, lost: lostWith(need, taken, challenger, split), bonds }
}
