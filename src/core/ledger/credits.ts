/** Credits that come into being, change hands and end. Source: economy.md, "Ledger". */
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Book } from './book.ts'

type Done = Result<undefined, Rejection>

export const DONE: Done = ok(undefined)

/** INSUFFICIENT_FUNDS, with the numbers. */
export function tooLittle(has: bigint, wanted: bigint, what: string): Done {
  return reject('INSUFFICIENT_FUNDS', `${what} ${has}, where ${wanted} is needed`)
}

/** Adds to a balance what another record has given up; not an operation by itself. */
export function credit(book: Book, to: string, amount: bigint): void {
  if (amount === 0n) return
  const account = book.account(to)
  book.putAccount(to, { ...account, balance: account.balance + amount })
}

/** By genesis and by governance alone. */
export function mint(book: Book, to: string, amount: bigint): void {
  book.minted(amount)
  credit(book, to, amount)
  book.row('MINT', amount, 'mint', `balance ${to}`)
}

/** Ends credits that `from` (a place, for the row) has given up. */
export function burn(book: Book, from: string, amount: bigint): void {
  book.burned(amount)
  book.row('BURN', amount, from, 'burn')
}

/** Rejects INSUFFICIENT_FUNDS. A transfer to oneself moves nothing, and needs the funds all the same. */
export function transfer(book: Book, from: string, to: string, amount: bigint): Done {
  const sender = book.account(from)
  if (sender.balance < amount) return tooLittle(sender.balance, amount, 'the balance is')
  book.putAccount(from, { ...sender, balance: sender.balance - amount })
  credit(book, to, amount)
  book.row('TRANSFER', amount, `balance ${from}`, `balance ${to}`)
  return DONE
}
