/** One thing that the ledger did, as it is kept for people. */
export interface LedgerRow {
  /** Its number in the network, from 1 on. */
  readonly n: number
  /** The last slot before it, and that slot's time: milliseconds since 1970. */
  readonly slot: number
  readonly time: number
  /** The cause and the operation's number under it. */
  readonly id: string
  readonly operation: string
  /** Micro-credits, decimal. */
  readonly amount: string
  /** Places, as in `balance did:key:…` or `escrow bafy…`. */
  readonly from: string
  readonly to: string
}

/** What the ledger did, in order. A node that was given a state without the entries that led to it has gaps in the numbers. */
export interface LedgerLog {
  /** Those with numbers that are known are passed over. */
  note(rows: readonly LedgerRow[]): void
  /** Those with lower numbers than `before`, or all, the newest first. Faults `store-io`. */
  backwards(before?: number): Iterable<LedgerRow>
}
