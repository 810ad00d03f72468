/**
 * What the ledger holds. All amounts are micro-credits, none is ever negative. Source: economy.md, "Ledger".
 *
 * 1. minted - burned = balances + stakes + bonds + unbonding + escrows + channels, after every entry.
 * 2. Of an account, `seats` is never above `stake`: it is the part that seats lock.
 */

/** Stake on its way out; slashing reaches it. */
export interface Unbonding {
  readonly amount: bigint
  /** Slot clock at which it is free at the earliest, milliseconds. */
  readonly until: number
  /** Needs joined up to here when it began (`Account.joined`). */
  readonly joined: number
  /** How many of those have not ended: it stays until there are none. */
  readonly pending: number
}

/** What a slash could not take because locks of other needs hold it: it is taken as they open. */
export interface Owed {
  readonly amount: bigint
  /** Who gets the challenger's part; absent: it burns. */
  readonly challenger?: string
}

export interface Account {
  readonly balance: bigint
  readonly stake: bigint
  /** Part of `stake` that seats lock. */
  readonly seats: bigint
  readonly bonds: bigint
  readonly unbonding: readonly Unbonding[]
  readonly owed: readonly Owed[]
  /** `seq` of the last envelope in the account's own thread that was applied. */
  readonly nonce: number
  /** Needs in which it sat, worked or challenged, all and those that have not ended. */
  readonly joined: number
  readonly open: number
}

/** What a need's requester put aside, and what was added to it. */
export interface Escrow {
  readonly owner: string
  /** For the worker. */
  readonly budget: bigint
  /** For the seats. */
  readonly bounty: bigint
}

export interface Channel {
  readonly sides: readonly [string, string]
  readonly deposits: readonly [bigint, bigint]
}

/** Sums over all records, kept with each change. */
export interface Supply {
  readonly minted: bigint
  readonly burned: bigint
  readonly balances: bigint
  readonly stakes: bigint
  readonly bonds: bigint
  readonly unbonding: bigint
  readonly escrows: bigint
  readonly channels: bigint
}

/** How many audit rows there have been, and the head of their chain of hashes. The rows themselves are not state. */
export interface AuditHead {
  readonly rows: number
  readonly head: Uint8Array
}

export type LedgerTables = {
  /** By DID; and the network's own, `INSURANCE`. */
  readonly accounts: Account
  /** By the text of the need's id. */
  readonly escrows: Escrow
  readonly channels: Channel
  /** One record, `ALL`. */
  readonly supply: Supply
  readonly audit: AuditHead
}

/** Key of a table's only record. */
export const ALL = 'all'

/** Account that refills fees. Source: economy.md, "Stake and slashing". */
export const INSURANCE = 'insurance'

export const NO_ACCOUNT: Account = {
  balance: 0n,
  stake: 0n,
  seats: 0n,
  bonds: 0n,
  unbonding: [],
  owed: [],
  nonce: 0,
  joined: 0,
  open: 0,
}

export const NO_SUPPLY: Supply = {
  minted: 0n,
  burned: 0n,
  balances: 0n,
  stakes: 0n,
  bonds: 0n,
  unbonding: 0n,
  escrows: 0n,
  channels: 0n,
}
