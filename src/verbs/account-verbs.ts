/** Verbs of an account's own thread: the hub decides about them. Source: economy.md, "Ledger", "Stake and slashing". */
import * as z from 'zod'
import type { ReadBody } from '../codec/envelope/read-body.ts'
import type { Rejection } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import { accountAs, asAccount } from './as-account.ts'
import { did, envelopeId, microMoved } from './fields.ts'
import { sayToHub } from './hub-verdict.ts'
import type { NodeAccount, NodeServices } from './services.ts'
import { defineVerb, type Handled } from './verb.ts'

const WAIT_MS = 10_000

/** What every verb of an account answers. */
export const saidToHub = z.strictObject({
  envelope: envelopeId,
  outcome: z
    .enum(['applied', 'unknown'])
    .describe('unknown: the hub has not said yet; what was said stays said, and is sent again until it has'),
})

/** Says it in the name of an account, and waits for the hub's word. */
export async function sayOfAccount(
  services: NodeServices,
  signal: AbortSignal,
  account: Handled<NodeAccount>,
  say: (author: NodeAccount['author']) => Promise<Result<ReadBody, Rejection>>,
): Promise<Handled<z.input<typeof saidToHub>>> {
  if (!account.ok) return account
  const said = await sayToHub(services, () => say(account.value.author), WAIT_MS, signal)
  return said.ok ? ok({ envelope: said.value.body.id, outcome: said.value.outcome }) : said
}

export const transfer = defineVerb({
  name: 'transfer',
  summary: "Give credits of the node's account to another",
  input: z.strictObject({
    to: did,
    amount: microMoved.describe('micro-credits'),
    memo: z.string().min(1).max(256).exactOptional().describe('for people'),
    as: asAccount,
  }),
  output: saidToHub,
  rejects: ['INSUFFICIENT_FUNDS', 'POLICY_DENIED'],
  handle: ({ as, ...payload }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as), (author) => author.account('TRANSFER', payload)),
})

export const stake = defineVerb({
  name: 'stake',
  summary: "Lock credits of the node's account as stake",
  input: z.strictObject({ amount: microMoved.describe('micro-credits'), as: asAccount }),
  output: saidToHub,
  rejects: ['INSUFFICIENT_FUNDS', 'POLICY_DENIED'],
  handle: ({ as, ...payload }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as), (author) => author.account('STAKE', payload)),
})

export const unstake = defineVerb({
  name: 'unstake',
  summary: 'Start the unbonding of stake',
  input: z.strictObject({ amount: microMoved.describe('micro-credits'), as: asAccount }),
  output: saidToHub,
  rejects: ['INSUFFICIENT_FUNDS', 'POLICY_DENIED'],
  handle: ({ as, ...payload }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as), (author) => author.account('UNSTAKE', payload)),
})

export const unbond = defineVerb({
  name: 'unbond',
  summary: 'Free all stake whose unbonding is over',
  input: z.strictObject({ as: asAccount }),
  output: saidToHub,
  rejects: ['WINDOW_CLOSED', 'POLICY_DENIED'],
  handle: ({ as }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as), (author) =>
      author.account('COMPLETE_UNBONDING', {}),
    ),
})
