import * as z from 'zod'
import { isConserved, recomputeSupply } from '../core/ledger/conservation.ts'
import { ALL, NO_SUPPLY, type Supply } from '../core/ledger/tables.ts'
import type { MicroText } from '../model/micro.ts'
import { ok } from '../model/result.ts'
import { count, micro, nothing } from './fields.ts'
import { defineVerb } from './verb.ts'

const supply = z.strictObject({
  minted: micro,
  burned: micro,
  balances: micro,
  stakes: micro,
  bonds: micro,
  unbonding: micro,
  escrows: micro,
  channels: micro,
})

/** Every sum is made again from every record. */
export const ledgerVerify = defineVerb({
  name: 'ledgerVerify',
  summary: 'Count all credits again: what was minted and not burned is what everybody has',
  input: nothing,
  output: z.strictObject({
    slot: count,
    conserved: z.boolean().describe('minted - burned = everything that anybody or anything holds'),
    sums_match: z.boolean().describe('the sums that are kept are those of the records'),
    accounts: count,
    audit_rows: count,
    audit_head: z.string().describe('hex: head of the chain of audit rows, the same on every node at a slot'),
    supply,
  }),
  rejects: [],
  handle: (_input, { heart }) => {
    const hub = heart.hub()
    const kept = hub.get('supply', ALL) ?? NO_SUPPLY
    const counted = recomputeSupply(hub)
    const audit = hub.get('audit', ALL)
    return ok({
      slot: heart.slot().n,
      conserved: isConserved(counted),
      sums_match: JSON.stringify(texts(kept)) === JSON.stringify(texts(counted)),
      accounts: hub.keys('accounts').length,
      audit_rows: audit?.rows ?? 0,
      audit_head: (audit?.head ?? new Uint8Array()).toHex(),
      supply: texts(counted),
    })
  },
})

function texts({ minted, burned, balances, stakes, bonds, unbonding, escrows, channels }: Supply) {
  const text = (amount: bigint): MicroText => amount.toString() as MicroText
  return {
    minted: text(minted),
    burned: text(burned),
    balances: text(balances),
    stakes: text(stakes),
    bonds: text(bonds),
    unbonding: text(unbonding),
    escrows: text(escrows),
    channels: text(channels),
  }
}
