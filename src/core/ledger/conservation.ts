import type { View } from '../records/view.ts'
import { unbondingOf } from './book.ts'
import { ALL, type LedgerTables, NO_SUPPLY, type Supply } from './tables.ts'

/** Sums over every record, as `Supply` has them; `minted` and `burned` have no other place than their sum. */
export function recomputeSupply(view: View<LedgerTables>): Supply {
  const { minted, burned } = view.get('supply', ALL) ?? NO_SUPPLY
  const sums = { balances: 0n, stakes: 0n, bonds: 0n, unbonding: 0n, escrows: 0n, channels: 0n }
  for (const key of view.keys('accounts')) {
    const account = view.get('accounts', key)
    if (account === undefined) continue
    sums.balances += account.balance
    sums.stakes += account.stake
    sums.bonds += account.bonds
    sums.unbonding += unbondingOf(account)
  }
  for (const key of view.keys('escrows')) {
    const escrow = view.get('escrows', key)
    sums.escrows += (escrow?.budget ?? 0n) + (escrow?.bounty ?? 0n)
  }
  for (const key of view.keys('channels')) {
    for (const deposit of view.get('channels', key)?.deposits ?? []) sums.channels += deposit
  }
  return { minted, burned, ...sums }
}

/** minted - burned = everything that anybody or anything holds. Source: economy.md, first paragraph. */
export function isConserved(supply: Supply): boolean {
  const { minted, burned, balances, stakes, bonds, unbonding, escrows, channels } = supply
  return minted - burned === balances + stakes + bonds + unbonding + escrows + channels
}
