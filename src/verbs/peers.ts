import * as z from 'zod'
import { ok } from '../model/result.ts'
import type { Mesh } from '../ports/mesh.ts'
import { count, did, nothing, timeMs } from './fields.ts'
import { defineVerb, notFound } from './verb.ts'

const peer = z.strictObject({
  did,
  addresses: z.array(z.string()),
  direction: z.enum(['in', 'out']),
  relayed: z.boolean().describe('only by way of another node'),
  protected: z.boolean().describe('a voter of a group that this node is in'),
  connected_at: timeMs,
  latency_ms: z.number().nullable(),
  score: z.number().describe('from 0 to 1; low is banned'),
  delivered: count,
  total: count,
})

const ban = z.strictObject({ did, until: timeMs, why: z.string(), times: count })

export const peers = defineVerb({
  name: 'peers',
  summary: 'Connected peers with their scores, and who is banned',
  input: nothing,
  output: z.strictObject({ self: did, peers: z.array(peer), bans: z.array(ban) }),
  rejects: [],
  handle: (_input, { mesh }) => ok({ self: mesh.self, peers: peersOf(mesh), bans: bansOf(mesh) }),
})

function peersOf(mesh: Mesh): z.input<typeof peer>[] {
  return mesh.peers().map((one) => ({
    did: one.did,
    addresses: [...one.addresses],
    direction: one.direction,
    relayed: one.isRelayed,
    protected: one.isProtected,
    connected_at: one.connectedAtMs,
    latency_ms: one.latencyMs ?? null,
    score: one.score,
    delivered: one.delivered,
    total: one.total,
  }))
}

function bansOf(mesh: Mesh): z.input<typeof ban>[] {
  return mesh.bans().map(({ did: who, untilMs, why, times }) => ({ did: who, until: untilMs, why, times }))
}

export const peersConnect = defineVerb({
  name: 'peersConnect',
  summary: 'Dial a peer',
  input: z.strictObject({ address: z.string().min(1).max(1_024).describe('multiaddr') }),
  output: z.strictObject({ did }),
  rejects: [],
  handle: async ({ address }, { mesh }) => ok({ did: await mesh.connect(address) }),
})

const BAN_MS = 3_600_000

export const peersBan = defineVerb({
  name: 'peersBan',
  summary: 'End the connections of a peer and take none for a time',
  input: z.strictObject({
    did,
    duration_ms: z
      .int()
      .min(1)
      .max(366 * 86_400_000)
      .default(BAN_MS),
    why: z.string().min(1).max(256).default('by the operator'),
  }),
  output: z.strictObject({ did, until: timeMs }),
  rejects: [],
  handle: ({ did: who, duration_ms: durationMs, why }, { mesh, clock }) => {
    mesh.ban(who, durationMs, why)
    const known = mesh.bans().find((one) => one.did === who)
    return ok({ did: who, until: known?.untilMs ?? clock.nowMs() + durationMs })
  },
})

export const peersUnban = defineVerb({
  name: 'peersUnban',
  summary: 'Take connections of a banned peer again',
  input: z.strictObject({ did }),
  output: z.strictObject({ did }),
  rejects: ['not-found'],
  handle: ({ did: who }, { mesh }) => {
    if (!mesh.bans().some((one) => one.did === who)) return notFound(`${who} is not banned`, 'did')
    mesh.unban(who)
    return ok({ did: who })
  },
})
