/**
 * Verbs of a worker and of a verifier, for agents that somebody drives: the node fills in what follows from where the need
 * stands. Attached before, by way `hand`, so that the registry names what they do. Source: operations.md, "CLI".
 */
import * as z from 'zod'
import { durationMs } from '../codec/payload/fields.ts'
import type { Deed } from '../core/agent/by-hand.ts'
import type { Content } from '../core/agent/content.ts'
import { ok } from '../model/result.ts'
import { accountAs, asAccount } from './as-account.ts'
import { cidOfText, contentCid, count, did, envelopeId, micro, needId } from './fields.ts'
import type { NodeAccount, NodeServices } from './services.ts'
import { defineVerb, type Handled } from './verb.ts'

/** Content that travels in a COMMIT itself; what is longer is put first, and named by its CID. */
const INLINE_MAX = 49_152
const REASON_MAX = 1_024
const LEASE_MS = 60_000
const HEARTBEAT_MS = 10_000

const reason = z.string().max(REASON_MAX).default('').describe('for people')
const leaseTtl = durationMs.default(LEASE_MS).describe('how long the lease lasts')
const heartbeatInterval = durationMs.default(HEARTBEAT_MS).describe('longest time between two heartbeats')

const said = z.strictObject({ need: envelopeId, envelope: envelopeId, as: did, verb: z.string() })

const LEASE_REJECTS = ['WINDOW_CLOSED', 'NOT_LEASE_HOLDER', 'POLICY_DENIED'] as const

export const propose = defineVerb({
  name: 'propose',
  summary: 'Bid for a need by hand; its plan is shown by itself when the bid is the best',
  input: z.strictObject({
    need: needId,
    cost: micro.describe('price of the work, micro-credits'),
    eta_ms: durationMs.default(LEASE_MS).describe('time from the lease to the result'),
    lease_ttl_ms: leaseTtl,
    heartbeat_interval_ms: heartbeatInterval,
    isolation: z.enum(['none', 'sandbox', 'vm']).default('none').describe('what the work is isolated by'),
    as: asAccount,
  }),
  output: said,
  rejects: ['WINDOW_CLOSED', 'UNKNOWN_CAPABILITY', 'OVER_CAP', 'DUPLICATE', 'CONFLICT', 'POLICY_DENIED'],
  handle: (input, services) => {
    const { cost, eta_ms: eta, lease_ttl_ms: ttl, heartbeat_interval_ms: interval, isolation } = input
    const offer = { price: BigInt(cost), eta, leaseTtl: ttl, heartbeatInterval: interval, isolation }
    return act(services, input, works, { kind: 'propose', offer })
  },
})

export const claim = defineVerb({
  name: 'claim',
  summary: 'Take the lease that has come to this account; who was decided holds the first one already',
  input: z.strictObject({
    need: needId,
    lease_ttl_ms: leaseTtl,
    heartbeat_interval_ms: heartbeatInterval,
    as: asAccount,
  }),
  output: said,
  rejects: LEASE_REJECTS,
  handle: (input, services) => {
    const { lease_ttl_ms: ttl, heartbeat_interval_ms: interval } = input
    return act(services, input, works, { kind: 'claim', leaseTtl: ttl, heartbeatInterval: interval })
  },
})

export const heartbeat = defineVerb({
  name: 'heartbeat',
  summary: 'Show that the work goes on; three that are missed lose the lease',
  input: z.strictObject({
    need: needId,
    progress: z.int().min(0).max(100).describe('percent that is done'),
    extend_ms: durationMs.exactOptional().describe('asks for so much more time'),
    as: asAccount,
  }),
  output: said,
  rejects: LEASE_REJECTS,
  handle: (input, services) => {
    const { progress, extend_ms: extend } = input
    const deed = { kind: 'heartbeat', progress, ...(extend === undefined ? {} : { extend }) } as const
    return act(services, input, works, deed)
  },
})

const artifact = z.union([
  z.strictObject({ text: z.string().max(INLINE_MAX) }).describe('the result itself, as text'),
  z.strictObject({ base64: z.base64().max(INLINE_MAX * 2) }).describe('the result itself'),
  z.strictObject({ cid: contentCid, size: count }).describe('content that was put before'),
])

export const commit = defineVerb({
  name: 'commit',
  summary: 'Deliver the result of a need that this account has the lease of',
  input: z.strictObject({
    need: needId,
    artifact,
    gas: count.default(0).describe('gas that it took'),
    wall_time_ms: count.exactOptional(),
    as: asAccount,
  }),
  output: said,
  rejects: [...LEASE_REJECTS, 'DUPLICATE'],
  handle: async (input, services) => {
    const content = contentIn(input.artifact)
    if ('cid' in content) await services.content.pin(content.cid, `need/${input.need}`)
    const bytes = 'cid' in content ? content.size : content.inline.length
    const time = input.wall_time_ms === undefined ? {} : { wall_time: input.wall_time_ms }
    const telemetry = { gas: input.gas, bytes, ...time }
    const delivery = { kind: 'delivered', artifact: content, telemetry } as const
    return await act(services, input, works, { kind: 'commit', delivery })
  },
})

export const giveUp = defineVerb({
  name: 'giveUp',
  summary: 'Give the lease of a need back (YIELD), so that the next worker may take it',
  input: z.strictObject({ need: needId, reason, as: asAccount }),
  output: said,
  rejects: [...LEASE_REJECTS, 'DUPLICATE'],
  handle: (input, services) => act(services, input, works, { kind: 'yield', reason: input.reason }),
})

export const attest = defineVerb({
  name: 'attest',
  summary:
    "Give this account's verdict on what its seat judges now: the plan of the best bid, or the result that was delivered",
  input: z.strictObject({
    need: needId,
    verdict: z.enum(['accept', 'reject', 'unavailable']),
    reason,
    made: contentCid.exactOptional().describe('what doing it again made'),
    gas: count.default(0).describe('gas that that took'),
    as: asAccount,
  }),
  output: said,
  rejects: ['WINDOW_CLOSED', 'NOT_IN_COMMITTEE', 'DUPLICATE', 'POLICY_DENIED'],
  handle: (input, services) => {
    const { verdict, reason: why, made, gas } = input
    const found = made === undefined ? {} : { artifact: cidOfText(made) }
    return act(services, input, judges, {
      kind: 'attest',
      judgement: { verdict, reason: why, gas, ...found },
    })
  },
})

export const verdict = defineVerb({
  name: 'verdict',
  summary: "Give this account's verdict on a challenge in whose committee it sits",
  input: z.strictObject({
    need: needId,
    challenge: envelopeId.describe('id of the CHALLENGE_COMMIT'),
    outcome: z
      .enum(['upheld', 'rejected', 'undecided'])
      .describe('undecided: no rule decides; a larger committee is asked, then people'),
    reason,
    gas: count.default(0).describe('gas that checking the proof took'),
    as: asAccount,
  }),
  output: said,
  rejects: ['WINDOW_CLOSED', 'NOT_IN_COMMITTEE', 'DUPLICATE', 'POLICY_DENIED'],
  handle: (input, services) => {
    const { challenge, outcome, reason: why, gas } = input
    return act(services, input, judges, { kind: 'verdict', challenge, outcome, reason: why, gas })
  },
})

function works(account: NodeAccount): boolean {
  return account.works
}

function judges(account: NodeAccount): boolean {
  return account.judges
}

async function act(
  services: Pick<NodeServices, 'accounts'>,
  { need, as }: { readonly need: z.output<typeof needId>; readonly as?: string },
  plays: (account: NodeAccount) => boolean,
  deed: Deed,
): Promise<Handled<z.input<typeof said>>> {
  const account = accountAs(services, as, plays)
  if (!account.ok) return account
  const { author } = account.value
  const done = await account.value.act(need, deed)
  return done.ok ? ok({ need, envelope: done.value.id, as: author.did, verb: done.value.body.kind }) : done
}

function contentIn(given: z.output<typeof artifact>): Content {
  if ('text' in given) return { inline: new TextEncoder().encode(given.text) }
  if ('base64' in given) return { inline: Uint8Array.fromBase64(given.base64) }
  return { cid: cidOfText(given.cid), size: given.size }
}
