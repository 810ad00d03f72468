/** Who has a part in a need: their unbonding waits for its end. Source: economy.md, "Stake and slashing". */
import { joinNeed, leaveNeed } from '../ledger/stake.ts'
import type { Need } from './tables.ts'
import type { Turn } from './turn.ts'

/** The need with these accounts among its parties; each joins once. */
export function joined(turn: Turn, need: Need, accounts: readonly string[]): Need {
  const known = new Set(need.parties.map(({ account }) => account))
  const fresh = [...new Set(accounts)].filter((account) => !known.has(account))
  const parties = fresh.map((account) => ({ account, joined: joinNeed(turn.book, account) }))
  return { ...need, parties: [...need.parties, ...parties] }
}

export function allLeave(turn: Turn, { parties }: Need): void {
  for (const { account, joined: number } of parties) leaveNeed(turn.book, account, number)
}
