/** Bonds of workers and challengers, from their balances. Source: economy.md, "Challenges"; lifecycle.md, "Defaults". */
import type { Book } from './book.ts'

/** False, and nothing is done, where the balance is too small. A bond of 0 is always there. */
export function lockBond(book: Book, owner: string, amount: bigint, what: string): boolean {
  const account = book.account(owner)
  if (account.balance < amount) return false
  if (amount === 0n) return true
  book.putAccount(owner, {
    ...account,
    balance: account.balance - amount,
    bonds: account.bonds + amount,
  })
  book.row('BOND', amount, `balance ${owner}`, what)
  return true
}

export function returnBond(book: Book, owner: string, amount: bigint, what: string): void {
  if (amount === 0n) return
  const account = book.account(owner)
  book.putAccount(owner, {
    ...account,
    balance: account.balance + amount,
    bonds: account.bonds - amount,
  })
  book.row('RETURN_BOND', amount, what, `balance ${owner}`)
}

/** Takes a part of a bond away, for the caller to give on. Asserts that it is there. */
export function takeBond(book: Book, owner: string, amount: bigint): void {
  const account = book.account(owner)
  book.putAccount(owner, { ...account, bonds: account.bonds - amount })
}
