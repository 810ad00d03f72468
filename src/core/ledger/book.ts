import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import {
  type Account,
  ALL,
  type AuditHead,
  type Channel,
  type Escrow,
  type LedgerTables,
  NO_ACCOUNT,
  NO_SUPPLY,
  type Supply,
} from './tables.ts'

/** Everything that the ledger does. Source: economy.md, "Ledger". */
export type Operation =
  | 'MINT'
  | 'TRANSFER'
  | 'ESCROW'
  | 'PAYOUT'
  | 'REFUND'
  | 'STAKE'
  | 'UNSTAKE'
  | 'COMPLETE_UNBONDING'
  | 'LOCK'
  | 'UNLOCK'
  | 'SLASH'
  | 'BOND'
  | 'RETURN_BOND'
  | 'BURN'
  | 'CHANNEL_OPEN'
  | 'CHANNEL_CLOSE'

/** One operation as it was applied. `from` and `to` are places, as in `balance did:key:…` or `escrow bafy…`. */
export interface AuditRow {
  /** The cause and the operation's number under it: no two are the same, and none is applied twice. */
  readonly id: string
  readonly operation: Operation
  readonly amount: bigint
  readonly from: string
  readonly to: string
}

/** The records that the ledger reads and writes; a `Draft` of any machine whose tables hold them is one. */
export interface LedgerStore {
  get<Name extends keyof LedgerTables>(table: Name, key: string): LedgerTables[Name] | undefined
  put<Name extends keyof LedgerTables>(table: Name, key: string, value: LedgerTables[Name] | undefined): void
}

/**
 * The ledger during one step. Sums follow every record that is put, so what an operation forgets to take somewhere shows
 * as credits from nowhere. Operations ask whether they may before they write: here a debit below zero is a defect.
 *
 * `cause`: id of the signed envelope or number of the certified effect that all of the step rests on. Each is applied at most
 * once (an envelope's nonce, a need's key, an effect's number are state), so with it each operation's id is unique.
 */
export class Book {
  readonly rows: AuditRow[] = []
  /** Accounts whose stake was changed; and those of whose stake seats lock another part. */
  readonly restaked = new Set<string>()
  readonly reseated = new Set<string>()
  readonly #store: LedgerStore
  #cause: string
  #supply: Supply

  constructor(store: LedgerStore, cause: string) {
    this.#store = store
    this.#cause = cause
    this.#supply = store.get('supply', ALL) ?? NO_SUPPLY
  }

  /** What all operations from here on rest on. */
  causedBy(cause: string): void {
    this.#cause = cause
  }

  get supply(): Supply {
    return this.#supply
  }

  account(id: string): Account {
    return this.#store.get('accounts', id) ?? NO_ACCOUNT
  }

  /** An account exists from its first credit on. */
  exists(id: string): boolean {
    return this.#store.get('accounts', id) !== undefined
  }

  putAccount(id: string, next: Account): void {
    assert(next.balance >= 0n && next.bonds >= 0n, 'no balance and no bond is below zero')
    assert(next.seats >= 0n && next.seats <= next.stake, 'seats lock a part of the stake')
    assert(
      next.unbonding.every(({ amount }) => amount >= 0n),
      'nothing below zero is on its way out',
    )
    const before = this.account(id)
    const { balances, stakes, bonds, unbonding } = this.#supply
    this.#supply = {
      ...this.#supply,
      balances: balances + next.balance - before.balance,
      stakes: stakes + next.stake - before.stake,
      bonds: bonds + next.bonds - before.bonds,
      unbonding: unbonding + unbondingOf(next) - unbondingOf(before),
    }
    if (next.stake !== before.stake) this.restaked.add(id)
    if (next.seats !== before.seats) this.reseated.add(id)
    this.#store.put('accounts', id, next)
  }

  escrow(need: string): Escrow | undefined {
    return this.#store.get('escrows', need)
  }

  /** Undefined: it is over, and empty. */
  putEscrow(need: string, next: Escrow | undefined): void {
    assert(next === undefined || (next.budget >= 0n && next.bounty >= 0n), 'no escrow is below zero')
    const before = this.escrow(need)
    const escrows = this.#supply.escrows + heldBy(next) - heldBy(before)
    this.#supply = { ...this.#supply, escrows }
    this.#store.put('escrows', need, next)
  }

  channel(id: string): Channel | undefined {
    return this.#store.get('channels', id)
  }

  putChannel(id: string, next: Channel | undefined): void {
    assert(next === undefined || next.deposits.every((deposit) => deposit >= 0n), 'no deposit is below zero')
    const channels = this.#supply.channels + depositsOf(next) - depositsOf(this.channel(id))
    this.#supply = { ...this.#supply, channels }
    this.#store.put('channels', id, next)
  }

  /** Credits come into being by `mint` and end by `burn`, and in no other way. */
  minted(amount: bigint): void {
    this.#supply = { ...this.#supply, minted: this.#supply.minted + amount }
  }

  burned(amount: bigint): void {
    this.#supply = { ...this.#supply, burned: this.#supply.burned + amount }
  }

  /** Nothing moved, nothing to tell. */
  row(operation: Operation, amount: bigint, from: string, to: string): void {
    if (amount === 0n) return
    this.rows.push({ id: `${this.#cause}/${this.rows.length}`, operation, amount, from, to })
  }

  /** Writes the sums and the head over the rows of this step. */
  finish(sha256: Sha256): void {
    this.#store.put('supply', ALL, this.#supply)
    if (this.rows.length === 0) return
    const { rows, head } = this.#store.get('audit', ALL) ?? AUDIT_START
    this.#store.put('audit', ALL, {
      rows: rows + this.rows.length,
      head: auditHead(head, this.rows, sha256),
    })
  }
}

const AUDIT_START: AuditHead = { rows: 0, head: new Uint8Array(32) }

/** Head of the chain of audit rows after those of one more step. */
export function auditHead(head: Uint8Array, rows: readonly AuditRow[], sha256: Sha256): Uint8Array {
  const listed = rows.map(({ id, operation, amount, from, to }) => [
    id,
    operation,
    amount.toString(),
    from,
    to,
  ])
  return hashDagCbor(['canswarm/audit/1', head, listed], sha256)
}

export function unbondingOf({ unbonding }: Account): bigint {
  return unbonding.reduce((sum, { amount }) => sum + amount, 0n)
}

function heldBy(escrow: Escrow | undefined): bigint {
  return escrow === undefined ? 0n : escrow.budget + escrow.bounty
}

function depositsOf(channel: Channel | undefined): bigint {
  return channel === undefined ? 0n : channel.deposits[0] + channel.deposits[1]
}
