import * as z from 'zod'
import { ok } from '../model/result.ts'
import type { LedgerRow } from '../ports/ledger-log.ts'
import { accountAs, asAccount } from './as-account.ts'
import { count, did, limit, micro, needId, timeMs } from './fields.ts'
import { defineVerb } from './verb.ts'

const row = z.strictObject({
  n: count.describe('its number in the network'),
  slot: count.describe('the last slot before it'),
  time: timeMs.describe("that slot's time"),
  id: z.string().describe("the cause, and the operation's number under it"),
  operation: z.string(),
  amount: micro,
  from: z.string().describe('a place, as in `balance did:key:…` or `escrow bafy…`'),
  to: z.string(),
})

/** Rows that one call looks at: a file of millions is searched in pieces, between which the node does its other work. */
const LOOKED_MAX = 20_000

/** Every movement of credits, as this node has applied them. Source: economy.md, "Ledger" (history, cursor-paged). */
export const ledgerHistory = defineVerb({
  name: 'ledgerHistory',
  summary: 'What the ledger did, newest first: of an account, about a need, or all of it',
  input: z.strictObject({
    did: did.exactOptional().describe('what this account gave or got'),
    as: asAccount,
    need: needId.exactOptional().describe('what was done about this need'),
    before: z.int().min(1).exactOptional().describe('go on before this number'),
    limit,
  }),
  output: z.strictObject({
    rows: z.array(row),
    next: count
      .nullable()
      .describe(
        '`before` of the next page, which may have rows where this one has none; null: there is none',
      ),
  }),
  rejects: [],
  handle: ({ did: who, as, need, before = Number.MAX_SAFE_INTEGER, limit: most }, services) => {
    const account = as === undefined ? undefined : accountAs(services, as)
    if (account?.ok === false) return account
    const party = who ?? account?.value.author.did
    const rows: LedgerRow[] = []
    let looked = 0
    for (const one of services.ledger.backwards(before)) {
      if (looked++ === LOOKED_MAX) return ok({ rows: rows.map(shown), next: one.n + 1 })
      if (!isAbout(one, party, need)) continue
      if (rows.length === most) return ok({ rows: rows.map(shown), next: rows.at(-1)?.n ?? null })
      rows.push(one)
    }
    return ok({ rows: rows.map(shown), next: null })
  },
})

function isAbout({ id, from, to }: LedgerRow, party: string | undefined, need: string | undefined): boolean {
  const places = `${from} ${to}`
  if (party !== undefined && !places.split(' ').includes(party)) return false
  return need === undefined || places.split(' ').includes(need) || id.includes(need)
}

function shown({ amount, ...rest }: LedgerRow): z.input<typeof row> {
  return { ...rest, amount: amount as z.input<typeof micro> }
}
