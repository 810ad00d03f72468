import * as z from 'zod'
import { NO_ACCOUNT } from '../core/ledger/tables.ts'
import type { MicroText } from '../model/micro.ts'
import { ok } from '../model/result.ts'
import { accountAs, asAccount } from './as-account.ts'
import { count, did, micro, timeMs } from './fields.ts'
import type { NodeServices } from './services.ts'
import { defineVerb } from './verb.ts'

/** An account that nobody has paid has zeroes: it is no error. */
export const balance = defineVerb({
  name: 'balance',
  summary: 'What an account has: free, staked, locked, escrowed, unbonding',
  input: z.strictObject({ did: did.exactOptional().describe("whose; else the node's own"), as: asAccount }),
  output: z.strictObject({
    did,
    slot: count.describe('as of this slot'),
    free: micro,
    staked: micro.describe('all of its stake, locked or not'),
    locked: micro.describe('part of the stake that seats hold'),
    bonds: micro.describe("in workers' and challengers' bonds"),
    escrowed: micro.describe('put aside for its needs that are not over'),
    unbonding: z.array(z.strictObject({ amount: micro, until: timeMs, needs: count })),
    owed: micro.describe('slashes that wait for locks to open'),
    total: micro.describe('free, staked, bonds, escrowed and unbonding together'),
  }),
  rejects: [],
  handle: ({ did: who, as }, services) => {
    if (who !== undefined) return ok(balanceOf(services, who))
    const account = accountAs(services, as)
    return account.ok ? ok(balanceOf(services, account.value.author.did)) : account
  },
})

function balanceOf({ heart }: Pick<NodeServices, 'heart'>, who: string) {
  const hub = heart.hub()
  const account = hub.get('accounts', who) ?? NO_ACCOUNT
  const escrowed = hub
    .keys('escrows')
    .map((need) => hub.get('escrows', need))
    .filter((escrow) => escrow?.owner === who)
    .reduce((sum, escrow) => sum + (escrow?.budget ?? 0n) + (escrow?.bounty ?? 0n), 0n)
  const unbonding = account.unbonding.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    did: who as z.input<typeof did>,
    slot: heart.slot().n,
    free: text(account.balance),
    staked: text(account.stake),
    locked: text(account.seats),
    bonds: text(account.bonds),
    escrowed: text(escrowed),
    unbonding: account.unbonding.map(({ amount, until, pending }) => ({
      amount: text(amount),
      until,
      needs: pending,
    })),
    owed: text(account.owed.reduce((sum, { amount }) => sum + amount, 0n)),
    total: text(account.balance + account.stake + account.bonds + escrowed + unbonding),
  }
}

function text(amount: bigint): MicroText {
  return amount.toString() as MicroText
}
