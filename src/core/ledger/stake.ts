/** Stake: in, out after the time of unbonding, and locked by seats. Source: economy.md, "Stake and slashing". */
import { assert } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Book } from './book.ts'
import { DONE, tooLittle } from './credits.ts'
import type { Account } from './tables.ts'

/** Parts of a stake that are on their way out at once, for one account: more are refused. */
const UNBONDING_MAX = 32

export function freeStake(account: Account): bigint {
  return account.stake - account.seats
}

/** Rejects INSUFFICIENT_FUNDS. */
export function stake(book: Book, owner: string, amount: bigint): Result<undefined, Rejection> {
  const account = book.account(owner)
  if (account.balance < amount) return tooLittle(account.balance, amount, 'the balance is')
  book.putAccount(owner, {
    ...account,
    balance: account.balance - amount,
    stake: account.stake + amount,
  })
  book.row('STAKE', amount, `balance ${owner}`, `stake ${owner}`)
  return DONE
}

/**
 * Begins the unbonding of free stake. `until`: slot clock, milliseconds. Rejects INSUFFICIENT_FUNDS for what is not free,
 * RATE_LIMITED while too many parts are on their way.
 */
export function unstake(
  book: Book,
  owner: string,
  amount: bigint,
  until: number,
): Result<undefined, Rejection> {
  const account = book.account(owner)
  const free = freeStake(account)
  if (free < amount) return tooLittle(free, amount, 'the free stake is')
  if (account.unbonding.length >= UNBONDING_MAX) {
    return reject('RATE_LIMITED', `${UNBONDING_MAX} parts are on their way out`)
  }
  const part = { amount, until, joined: account.joined, pending: account.open }
  book.putAccount(owner, {
    ...account,
    stake: account.stake - amount,
    unbonding: [...account.unbonding, part],
  })
  book.row('UNSTAKE', amount, `stake ${owner}`, `unbonding ${owner}`)
  return DONE
}

/**
 * Frees what is due at `clock` and stands behind no open need any more. Rejects WINDOW_CLOSED when nothing is: too early, or
 * a need in which the account sat or worked when it began has not ended. The amount that was freed.
 */
export function completeUnbonding(book: Book, owner: string, clock: number): Result<bigint, Rejection> {
  const account = book.account(owner)
  const isDue = ({ until, pending }: Account['unbonding'][number]) => until <= clock && pending === 0
  const amount = account.unbonding.filter(isDue).reduce((sum, part) => sum + part.amount, 0n)
  if (amount === 0n) return reject('WINDOW_CLOSED', 'no unbonding is over')
  book.putAccount(owner, {
    ...account,
    balance: account.balance + amount,
    unbonding: account.unbonding.filter((part) => !isDue(part)),
  })
  book.row('COMPLETE_UNBONDING', amount, `unbonding ${owner}`, `balance ${owner}`)
  return ok(amount)
}

/** Locks free stake for a seat; false, and nothing is done, where there is too little. */
export function lockSeat(book: Book, owner: string, amount: bigint, what: string): boolean {
  const account = book.account(owner)
  if (freeStake(account) < amount) return false
  book.putAccount(owner, { ...account, seats: account.seats + amount })
  book.row('LOCK', amount, `stake ${owner}`, what)
  return true
}

/** Begins to count a need in which the account sits, works or challenges. Its number among them, from 1 on. */
export function joinNeed(book: Book, owner: string): number {
  const account = book.account(owner)
  const joined = account.joined + 1
  book.putAccount(owner, { ...account, joined, open: account.open + 1 })
  return joined
}

/** That need has ended: what was on its way out since it joined waits for one less. */
export function leaveNeed(book: Book, owner: string, joined: number): void {
  const account = book.account(owner)
  assert(account.open > 0, 'a need ends once')
  book.putAccount(owner, {
    ...account,
    open: account.open - 1,
    unbonding: account.unbonding.map((part) =>
      part.joined < joined ? part : { ...part, pending: part.pending - 1 },
    ),
  })
}
