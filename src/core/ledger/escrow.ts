/** What a need costs: put aside by its requester, paid out, given back. Source: economy.md, "Bounties and payout". */
import { assert } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Book } from './book.ts'
import { credit, DONE, tooLittle } from './credits.ts'
import { type Escrow, INSURANCE } from './tables.ts'

/** Rejects INSUFFICIENT_FUNDS; DUPLICATE for a need that has one. */
export function escrow(
  book: Book,
  need: string,
  owner: string,
  budget: bigint,
  bounty: bigint,
): Result<undefined, Rejection> {
  if (book.escrow(need) !== undefined) return reject('DUPLICATE', 'the need has its escrow')
  const account = book.account(owner)
  const amount = budget + bounty
  if (account.balance < amount) return tooLittle(account.balance, amount, 'the balance is')
  book.putAccount(owner, { ...account, balance: account.balance - amount })
  book.putEscrow(need, { owner, budget, bounty })
  book.row('ESCROW', amount, `balance ${owner}`, `escrow ${need}`)
  return DONE
}

function opened(book: Book, need: string): Escrow {
  const held = book.escrow(need)
  assert(held !== undefined, 'who is paid from an escrow knows that there is one')
  return held
}

/** Pays from the budget, at most what is left of it. What was paid. */
export function payFromBudget(book: Book, need: string, to: string, amount: bigint): bigint {
  const held = opened(book, need)
  const paid = amount < held.budget ? amount : held.budget
  book.putEscrow(need, { ...held, budget: held.budget - paid })
  credit(book, to, paid)
  book.row('PAYOUT', paid, `escrow ${need}`, `balance ${to}`)
  return paid
}

/** Pays from the bounty, at most what is left of it. What was paid. */
function payFromBounty(book: Book, need: string, to: string, amount: bigint): bigint {
  const held = opened(book, need)
  const paid = amount < held.bounty ? amount : held.bounty
  book.putEscrow(need, { ...held, bounty: held.bounty - paid })
  credit(book, to, paid)
  book.row('PAYOUT', paid, `escrow ${need}`, `balance ${to}`)
  return paid
}

/** Pays from the insurance account, at most what it has. What was paid. */
export function payFromInsurance(book: Book, to: string, amount: bigint): bigint {
  const insurance = book.account(INSURANCE)
  const paid = amount < insurance.balance ? amount : insurance.balance
  book.putAccount(INSURANCE, { ...insurance, balance: insurance.balance - paid })
  credit(book, to, paid)
  book.row('PAYOUT', paid, `balance ${INSURANCE}`, `balance ${to}`)
  return paid
}

/** A seat's fee: from the bounty, and what that lacks from the insurance account, at most `cover`. What was paid. */
export function payFee(book: Book, need: string, seat: string, fee: bigint, cover: bigint = fee): bigint {
  const paid = payFromBounty(book, need, seat, fee)
  const missing = fee - paid
  return paid + payFromInsurance(book, seat, missing < cover ? missing : cover)
}

/** Takes a part of the bounty out of the escrow for the caller to give on; at most what is left. What was taken. */
export function takeFromBounty(book: Book, need: string, amount: bigint): bigint {
  const held = opened(book, need)
  const taken = amount < held.bounty ? amount : held.bounty
  book.putEscrow(need, { ...held, bounty: held.bounty - taken })
  return taken
}

/** The insurance account puts the whole amount into the bounty, or nothing of it: then false. */
export function refillBounty(book: Book, need: string, amount: bigint): boolean {
  const insurance = book.account(INSURANCE)
  if (insurance.balance < amount) return false
  const held = opened(book, need)
  book.putAccount(INSURANCE, { ...insurance, balance: insurance.balance - amount })
  book.putEscrow(need, { ...held, bounty: held.bounty + amount })
  book.row('ESCROW', amount, `balance ${INSURANCE}`, `escrow ${need}`)
  return true
}

/** Gives back all that is left, and ends the escrow. What was given back. */
export function refund(book: Book, need: string): bigint {
  const { owner, budget, bounty } = opened(book, need)
  const left = budget + bounty
  book.putEscrow(need, undefined)
  credit(book, owner, left)
  book.row('REFUND', left, `escrow ${need}`, `balance ${owner}`)
  return left
}
