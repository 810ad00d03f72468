import * as z from 'zod'
import { name } from '../codec/payload/fields.ts'
import { NO_ACCOUNT } from '../core/ledger/tables.ts'
import type { MicroText } from '../model/micro.ts'
import { ok } from '../model/result.ts'
import { saidToHub, sayOfAccount } from './account-verbs.ts'
import { accountAs, asAccount } from './as-account.ts'
import { did, limit, micro, microMoved, timeMs } from './fields.ts'
import type { NodeAccount, NodeServices } from './services.ts'
import { defineVerb } from './verb.ts'

export const verifierRegister = defineVerb({
  name: 'verifierRegister',
  summary: 'Register an account of the node as a verifier: the one that judges, unless it is said',
  input: z.strictObject({
    stake: microMoved.describe('stake that backs its seats, micro-credits'),
    capabilities: z.array(name).min(1).max(64).describe('what it can judge'),
    org: name.exactOptional().describe('organisation'),
    region: name.exactOptional(),
    as: asAccount,
  }),
  output: saidToHub,
  rejects: ['INSUFFICIENT_FUNDS', 'OVER_CAP', 'POLICY_DENIED'],
  handle: ({ org, as, ...rest }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as, judges), (author) =>
      author.account('REGISTER', { ...rest, ...(org !== undefined && { org_id: org }) }),
    ),
})

export const verifierDeregister = defineVerb({
  name: 'verifierDeregister',
  summary: 'End the registration of an account of the node as a verifier',
  input: z.strictObject({ as: asAccount }),
  output: saidToHub,
  rejects: ['NOT_IN_COMMITTEE', 'POLICY_DENIED'],
  handle: ({ as }, services, signal) =>
    sayOfAccount(services, signal, accountAs(services, as, judges), (author) =>
      author.account('DEREGISTER', {}),
    ),
})

function judges(account: NodeAccount): boolean {
  return account.judges
}

const verifier = z.strictObject({
  did,
  active: z.boolean(),
  capabilities: z.array(z.string()),
  stake: micro,
  locked: micro.describe('part of the stake that seats hold'),
  reputation: z.number().describe('from 0 to 1'),
  recency: z.number().describe('from 0 to 1'),
  org: z.string().nullable(),
  region: z.string().nullable(),
  banned_until: timeMs,
  open_needs: z.int().describe('in which it sits or works'),
})

export const verifiers = defineVerb({
  name: 'verifiers',
  summary: 'Registered verifiers: stake, reputation, seats',
  input: z.strictObject({ capability: z.string().max(128).exactOptional(), limit }),
  output: z.strictObject({
    bootstrap: z.boolean(),
    active: z.int(),
    verifiers: z.array(verifier),
    more: z.boolean(),
  }),
  rejects: [],
  handle: ({ capability, limit: most }, services) => {
    const network = services.heart.hub().get('network', 'all')
    const all = rowsOf(services, capability)
    return ok({
      bootstrap: network?.isBootstrap ?? false,
      active: network?.active ?? 0,
      verifiers: all.slice(0, most),
      more: all.length > most,
    })
  },
})

function rowsOf(
  { heart }: Pick<NodeServices, 'heart'>,
  capability: string | undefined,
): z.input<typeof verifier>[] {
  const hub = heart.hub()
  return hub.keys('agents').flatMap((who) => {
    const agent = hub.get('agents', who)
    if (agent === undefined || agent.judges.length === 0) return []
    if (capability !== undefined && !agent.judges.includes(capability)) return []
    const account = hub.get('accounts', who) ?? NO_ACCOUNT
    return [
      {
        did: who as z.input<typeof did>,
        active: agent.isActive,
        capabilities: [...agent.judges],
        stake: account.stake.toString() as MicroText,
        locked: account.seats.toString() as MicroText,
        reputation: agent.reputationPpm / 1_000_000,
        recency: agent.recencyPpm / 1_000_000,
        org: agent.org ?? null,
        region: agent.region ?? null,
        banned_until: agent.bannedUntil,
        open_needs: account.open,
      },
    ]
  })
}
