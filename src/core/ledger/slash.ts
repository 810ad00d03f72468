/**
 * Slashing: what is taken, in which order, and who gets it. Nothing is ever created by a reward.
 * Source: economy.md, "Stake and slashing".
 *
 * 1. A slash takes the need's own lock first, then free stake, then what is on its way out.
 * 2. Locks that back other needs are reached only as they open: what is missing is owed until then.
 * 3. A slash takes what is there, and says how much.
 */
import type { Parameters } from '../../model/parameters.ts'
import { takeBond } from './bond.ts'
import { type Book, unbondingOf } from './book.ts'
import { burn, credit } from './credits.ts'
import { type Account, INSURANCE, type Owed } from './tables.ts'

const WHOLE = 1_000_000n
/** Debts of one account that are told apart by who gets a part of them. */
const OWED_MAX = 8

/** How a slash is shared; the rest, with all that rounding leaves, burns. */
export interface SlashSplit {
  readonly challengerPpm: number
  readonly insurancePpm: number
}

/** In bootstrap mode half goes to the challenger and half burns. */
export function slashSplit(isBootstrap: boolean, parameters: Parameters): SlashSplit {
  const { slashToChallengerPpm, slashToInsurancePpm, slashToChallengerBootstrapPpm } = parameters
  return isBootstrap
    ? { challengerPpm: slashToChallengerBootstrapPpm, insurancePpm: 0 }
    : { challengerPpm: slashToChallengerPpm, insurancePpm: slashToInsurancePpm }
}

/** `amount` times `ppm`, rounded down. */
export function partOf(amount: bigint, ppm: number): bigint {
  return (amount * BigInt(ppm)) / WHOLE
}

/** What percentages of a verifier's stake are of: what it has staked, what is on its way out included. */
export function slashable(account: Account): bigint {
  return account.stake + unbondingOf(account)
}

/** Shares out credits that somebody has lost. Without a challenger its part burns too. */
export function shareOut(
  book: Book,
  from: string,
  amount: bigint,
  challenger: string | undefined,
  split: SlashSplit,
): void {
  const reward = challenger === undefined ? 0n : partOf(amount, split.challengerPpm)
  const insured = partOf(amount, split.insurancePpm)
  if (challenger !== undefined) {
    credit(book, challenger, reward)
    book.row('SLASH', reward, from, `balance ${challenger}`)
  }
  credit(book, INSURANCE, insured)
  book.row('SLASH', insured, from, `balance ${INSURANCE}`)
  burn(book, from, amount - reward - insured)
}

/** What a slash took. `fromLock` is gone from the lock of the need's seat. */
export interface Slashed {
  readonly taken: bigint
  readonly fromLock: bigint
}

/** Takes up to `wanted` of a verifier; `lock` is what the seat of this need still locks. */
export function slashStake(
  book: Book,
  owner: string,
  lock: bigint,
  wanted: bigint,
  challenger: string | undefined,
  split: SlashSplit,
): Slashed {
  const account = book.account(owner)
  const fromLock = least(lock, wanted)
  const fromFree = least(account.stake - account.seats, wanted - fromLock)
  const out = takeUnbonding(account.unbonding, wanted - fromLock - fromFree)
  const missing = wanted - fromLock - fromFree - out.taken
  const left: Account = {
    ...account,
    stake: account.stake - fromLock - fromFree,
    seats: account.seats - fromLock,
    unbonding: out.left,
  }
  const owed = least(missing, left.seats)
  book.putAccount(owner, owed === 0n ? left : { ...left, owed: addOwed(left.owed, owed, challenger) })
  const taken = fromLock + fromFree + out.taken
  shareOut(book, `stake ${owner}`, taken, challenger, split)
  return { taken, fromLock }
}

/** The parts that would be free last go first. */
function takeUnbonding(
  parts: Account['unbonding'],
  wanted: bigint,
): { readonly taken: bigint; readonly left: Account['unbonding'] } {
  let rest = wanted
  const left = parts.toReversed().map((part) => {
    const taken = least(part.amount, rest)
    rest -= taken
    return { ...part, amount: part.amount - taken }
  })
  return { taken: wanted - rest, left: left.toReversed().filter(({ amount }) => amount > 0n) }
}

function addOwed(owed: readonly Owed[], amount: bigint, challenger: string | undefined): readonly Owed[] {
  const at = owed.findIndex((one) => one.challenger === challenger)
  if (at >= 0) return owed.map((one, i) => (i === at ? { ...one, amount: one.amount + amount } : one))
  if (challenger === undefined) return [...owed, { amount }]
  return owed.length < OWED_MAX ? [...owed, { amount, challenger }] : addOwed(owed, amount, undefined)
}

/** A seat's lock opens: first it pays what is owed, the rest is free stake. */
export function unlockSeat(book: Book, owner: string, amount: bigint, what: string, split: SlashSplit): void {
  const account = book.account(owner)
  const seats = account.seats - amount
  const debts = payable(account.owed, amount)
  const paid = debts.reduce((sum, { pays }) => sum + pays, 0n)
  const owed = debts
    .map(({ debt, pays }) => ({ ...debt, amount: debt.amount - pays }))
    .filter((debt) => debt.amount > 0n)
  book.putAccount(owner, {
    ...account,
    seats,
    stake: account.stake - paid,
    owed: seats === 0n ? [] : owed,
  })
  book.row('UNLOCK', amount, what, `stake ${owner}`)
  for (const { debt, pays } of debts) shareOut(book, `stake ${owner}`, pays, debt.challenger, split)
}

/** What each debt gets of `amount`, the oldest first. */
function payable(
  owed: readonly Owed[],
  amount: bigint,
): readonly { readonly debt: Owed; readonly pays: bigint }[] {
  let rest = amount
  return owed.map((debt) => {
    const pays = least(debt.amount, rest)
    rest -= pays
    return { debt, pays }
  })
}

/** Takes `amount` of a bond; asserts that it is there. */
export function slashBond(
  book: Book,
  owner: string,
  amount: bigint,
  challenger: string | undefined,
  split: SlashSplit,
): void {
  takeBond(book, owner, amount)
  shareOut(book, `bond ${owner}`, amount, challenger, split)
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
