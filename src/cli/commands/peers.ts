import type { ApiClient, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { table } from '../table.ts'
import { duration, short, time } from '../words.ts'

type Peers = OutputOf<'peers'>

export const peers = defineCommand({
  path: 'peers',
  about: 'Connected peers with their scores; dial one, ban one, take a ban back',
  examples: [
    'canswarm peers',
    'canswarm peers --connect /ip4/192.0.2.7/tcp/4001',
    'canswarm peers --ban did:key:z6Mk… --minutes 10',
    'canswarm peers --unban did:key:z6Mk…',
  ],
  arguments: [],
  options: {
    connect: { type: 'string', value: 'ADDR', about: 'dial this multiaddr' },
    ban: {
      type: 'string',
      value: 'PEER',
      about: 'end its connections and take none for a time: a DID, or its end as the table shows it',
    },
    minutes: { type: 'integer', value: 'N', about: 'how long the ban lasts; 60 unless it is said' },
    unban: { type: 'string', value: 'PEER', about: 'take its connections again' },
  },
  async run(context, _args, { connect, ban, minutes, unban }) {
    const node = nodeOf(context)
    const wishes = [connect, ban, unban].filter((wish) => wish !== undefined)
    if (wishes.length > 1) throw usageError('one of --connect, --ban and --unban at a time')
    if (minutes !== undefined && ban === undefined) throw usageError('--minutes says how long --ban lasts')
    if (connect !== undefined) return await dialled(node, connect)
    const data = await asked(node.call('peers', {}))
    if (ban !== undefined) return await banned(node, meant(ban, data), minutes)
    if (unban !== undefined) return await unbanned(node, meant(unban, data))
    return report('canswarm.peers/1', data, textOf(data))
  },
})

/** The peer that a DID, or the end of one, means. Bad usage where that is not one peer. */
function meant(text: string, { peers: all, bans }: Peers): string {
  if (text.startsWith('did:')) return text
  const end = text.replace(/^…/u, '')
  const dids = new Set([...all, ...bans].map(({ did }) => did).filter((did) => did.endsWith(end)))
  const [did] = dids
  if (did !== undefined && dids.size === 1) return did
  throw usageError(`${dids.size} peers end with ${end}`, 'give a whole DID: "canswarm peers --json" has them')
}

async function dialled(node: ApiClient, address: string): Promise<Report> {
  const data = await asked(node.call('peersConnect', { address }))
  return report('canswarm.peers.connect/1', data, `connected to ${data.did}`)
}

async function banned(node: ApiClient, did: string, minutes: number | undefined): Promise<Report> {
  const length = minutes === undefined ? {} : { duration_ms: minutes * 60_000 }
  const data = await asked(node.call('peersBan', { did: did as Peers['self'], ...length }))
  return report('canswarm.peers.ban/1', data, `${did} is banned until ${time(data.until)}`)
}

async function unbanned(node: ApiClient, did: string): Promise<Report> {
  const data = await asked(node.call('peersUnban', { did: did as Peers['self'] }))
  return report('canswarm.peers.unban/1', data, `${did} may connect again`)
}

function textOf({ peers: all, bans }: Peers): string {
  const rows = all.map((peer) => [
    short(peer.did),
    peer.direction,
    [...(peer.relayed ? ['relayed'] : []), ...(peer.protected ? ['voter'] : [])].join(' '),
    peer.latency_ms === null ? '' : duration(peer.latency_ms),
    peer.score.toFixed(2),
    peer.addresses[0] ?? '',
  ])
  const shown = table(['peer', 'dialled', 'how', 'latency', 'score', 'address'], rows)
  if (bans.length === 0) return shown
  const banRows = bans.map(({ did, until, why, times }) => [short(did), time(until), String(times), why])
  return `${shown}\n\n${table(['banned', 'until', 'times', 'why'], banRows)}`
}
