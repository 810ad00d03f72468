import * as z from 'zod'
import { HUB } from '../codec/entry/item.ts'
import { ALL } from '../core/ledger/tables.ts'
import { ok } from '../model/result.ts'
import { count, did, envelopeId, micro, nothing, timeMs } from './fields.ts'
import type { NodeServices, SubsystemHealth } from './services.ts'
import { defineVerb } from './verb.ts'

const healthState = z.enum(['ok', 'degraded', 'failing', 'off'])

const subsystem = z.strictObject({
  name: z.string(),
  state: healthState,
  detail: z.string(),
  todo: z.string().exactOptional(),
  figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
})

export const health = z.strictObject({
  state: healthState.describe('the worst of the subsystems'),
  subsystems: z.array(subsystem),
})

const ORDER = ['failing', 'degraded', 'ok', 'off'] as const

/** The subsystems, and the worst state among them. */
export function healthOf({ health: all }: Pick<NodeServices, 'health'>): z.input<typeof health> {
  const subsystems = all()
  const states = new Set(subsystems.map(({ state }) => state))
  const state = ORDER.find((one) => states.has(one)) ?? 'ok'
  return { state, subsystems: subsystems.map(subsystemOf) }
}

function subsystemOf({ figures, ...rest }: SubsystemHealth): z.input<typeof subsystem> {
  return { ...rest, figures: { ...figures } }
}

/** Health at a glance. */
export const status = defineVerb({
  name: 'status',
  summary: 'Who the node is, how its parts are, and what it does',
  input: nothing,
  output: health.extend({
    did,
    version: z.string(),
    pid: z.int(),
    home: z.string(),
    network: z.strictObject({
      cid: envelopeId,
      label: z.string(),
      class: z.enum(['production', 'development']),
    }),
    started_at: timeMs,
    uptime_ms: count,
    slot: z.strictObject({ n: count, time: timeMs }),
    generation: count,
    votes: z.boolean().describe('it decides with the other voters; else it follows what they certify'),
    bootstrap: z.boolean().describe('too few verifiers for committees'),
    paused: z.boolean().describe('governance holds new needs'),
    addresses: z.array(z.string()),
    peers: z.strictObject({ connected: count, relayed: count, banned: count }),
    needs: z.strictObject({ open: count }),
    hub: z.strictObject({ leader: did.nullable(), is_leader: z.boolean() }),
    buckets: z.strictObject({ total: count, led: count }),
    agents: z.strictObject({ attached: count, running: count }),
    balance: micro.describe('free credits of the node, micro-credits'),
    accounts: z
      .array(
        z.strictObject({
          name: z.string().describe('of its key'),
          did,
          works: z.boolean(),
          judges: z.boolean(),
          balance: micro.describe('free, micro-credits'),
        }),
      )
      .describe('all that the node speaks for, its own first'),
  }),
  rejects: [],
  handle: (_input, services) => ok({ ...healthOf(services), ...identityOf(services), ...doingOf(services) }),
})

function identityOf({ identity, clock, heart, mesh }: NodeServices) {
  const { did: own, version, pid, home, net, label, class: kind, votes, startedAtMs } = identity
  const { n, timeMs: time } = heart.slot()
  const network = heart.hub().get('network', ALL)
  return {
    did: own,
    version,
    pid,
    home,
    network: { cid: net.toString() as z.input<typeof envelopeId>, label, class: kind },
    started_at: startedAtMs,
    uptime_ms: Math.max(0, clock.nowMs() - startedAtMs),
    slot: { n, time },
    generation: heart.generation,
    votes,
    bootstrap: network?.isBootstrap ?? false,
    paused: network?.isPaused ?? false,
    addresses: [...mesh.addresses()],
  }
}

function doingOf({ identity, heart, mesh, agents, accounts }: NodeServices) {
  const peers = mesh.peers()
  const attached = agents.list()
  const buckets = Array.from({ length: identity.buckets }, (_, bucket) => bucket)
  return {
    peers: {
      connected: peers.length,
      relayed: peers.filter(({ isRelayed }) => isRelayed).length,
      banned: mesh.bans().length,
    },
    needs: { open: [...heart.openNeeds()].length },
    hub: { leader: heart.leaderOf(HUB) ?? null, is_leader: heart.leads(HUB) },
    buckets: { total: identity.buckets, led: buckets.filter((bucket) => heart.leads(bucket)).length },
    agents: { attached: attached.length, running: attached.reduce((sum, { running }) => sum + running, 0) },
    balance: balanceOf(heart, identity.did),
    accounts: accounts.map(({ name, author, works, judges }) => ({
      name,
      did: author.did,
      works,
      judges,
      balance: balanceOf(heart, author.did),
    })),
  }
}

function balanceOf(heart: NodeServices['heart'], account: string): z.input<typeof micro> {
  return String(heart.hub().get('accounts', account)?.balance ?? 0n) as z.input<typeof micro>
}
