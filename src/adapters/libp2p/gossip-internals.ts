import type { GossipSub } from '@libp2p/gossipsub'
import type { RPC } from '@libp2p/gossipsub/message'
import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import type { Connection, PeerId } from '@libp2p/interface'
import { assert } from '../../model/fault.ts'

/** What of gossipsub 17 the mesh reaches into, because the library offers no option for it. */
export interface GossipInternals {
  readonly peers: ReadonlyMap<string, PeerId>
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  readonly subscriptions: ReadonlySet<string>
  readonly outboundInflightQueue: {
    push(wanted: { readonly peerId: PeerId; readonly connection: Connection }): void
  }
  readonly score: { readonly params: { readonly topics: Record<string, TopicScoreParams> } }
  readonly mcache: {
    put(id: { readonly msgIdStr: string }, message: RPC.Message, isValidated?: boolean): boolean
    getWithIWantCount(id: string, peer: string): { readonly msg: RPC.Message; readonly count: number } | null
  }
  pipePeerReadStream(from: PeerId, frames: AsyncIterable<{ subarray(): Uint8Array }>): Promise<void>
  /** False: what the peer says is not listened to. */
  acceptFrom(peer: string): boolean
  decodeRpc(bytes: Uint8Array): RPC
  handleReceivedRpc(from: PeerId, rpc: RPC): Promise<void>
  handlePeerReadStreamError(error: Error, from: PeerId): void
  onPeerConnected(peer: PeerId, connection: Connection): void
}

const METHODS = [
  'pipePeerReadStream',
  'acceptFrom',
  'decodeRpc',
  'handleReceivedRpc',
  'handlePeerReadStreamError',
  'onPeerConnected',
] as const

/** A defect when another version of the library has no such parts: the limits would not hold. */
export function gossipInternals(gossip: GossipSub): GossipInternals {
  const internals = gossip as unknown as GossipInternals
  for (const name of METHODS) assert(typeof internals[name] === 'function', `gossipsub has ${name}`)
  assert(typeof internals.mcache?.getWithIWantCount === 'function', 'gossipsub keeps messages in mcache')
  assert(typeof internals.mcache.put === 'function', 'gossipsub puts messages into mcache')
  assert(internals.score?.params?.topics !== undefined, 'gossipsub scores by topic')
  assert(internals.subscriptions instanceof Set, 'gossipsub keeps its subscriptions in a set')
  return internals
}
