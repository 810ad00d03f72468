import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { type Identify, identify, identifyPush } from '@libp2p/identify'
import type { ConnectionGater, PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { Libp2p, Libp2pOptions, ServiceFactoryMap } from 'libp2p'
import { createLibp2p } from 'libp2p'
import { GOSSIP, GOSSIP_THRESHOLDS, gossipScoreParams } from './gossip-params.ts'
import type { MeshLimits } from './limits.ts'
import { guardedYamux } from './muxer-guard.ts'
import type { MeshOptions } from './options.ts'
import type { PeerDatastore } from './peer-datastore.ts'
import { silentLog } from './silent-log.ts'
import { gossipMessageId } from './topics.ts'

/** What a host is made of, beside the options. */
export interface HostParts {
  readonly options: MeshOptions
  readonly limits: MeshLimits
  readonly key: PrivateKey
  readonly datastore: PeerDatastore
  readonly gater: ConnectionGater
  /** The node's own score of a peer, 0 to 1. */
  readonly appScore: (peer: string) => number
}

/** A month: a node that was away for long still knows where to look first. */
const PEER_AGE_MS = 2_592_000_000
/** Name of the service on the local network. Source: network.md, "Discovery". */
const MDNS_SERVICE = '_swarm._tcp.local'

/** A libp2p host that is not started yet, with every service that the options ask for. */
export async function createHost(parts: HostParts): Promise<Host> {
  const { options, limits, key, datastore, gater } = parts
  const { relayClient = false } = options.nat ?? {}
  const init = {
    start: false,
    logger: silentLog,
    privateKey: key,
    datastore,
    connectionGater: gater,
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [
      tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true }, backlog: 511 }),
      ...(await relayTransports(relayClient)),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [guardedYamux(limits, () => options.clock.monotonicMs())],
    peerDiscovery: await discoveries(options.discovery?.mdns === true),
    // Pings are the keeper's, which also counts them.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: limits.connectionsMax,
      maxIncomingPendingConnections: limits.halfOpenMax,
      inboundConnectionThreshold: limits.inboundPerSecondMax,
      inboundUpgradeTimeout: limits.handshakeTimeoutMs,
      inboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
      outboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.dialTimeoutMs / 3,
      maxParallelDials: 32,
      maxDialQueueLength: 256,
      maxPeerAddrsToDial: 16,
      reconnectRetries: 0,
    },
    peerStore: { maxAddressAge: PEER_AGE_MS, maxPeerAge: PEER_AGE_MS },
    services: await services(parts),
  } satisfies Libp2pOptions<HostServices>
  return await createLibp2p<HostServices>(init)
}

/** Those that are there whatever the options say. */
export interface HostServices extends Record<string, unknown> {
  readonly identify: Identify
  readonly ping: Ping
  readonly gossip: GossipSub
}

/** What only some nodes ask for is loaded when it is asked for: a node without it starts sooner. */
async function relayTransports(isWanted: boolean) {
  return isWanted ? [(await import('@libp2p/circuit-relay-v2')).circuitRelayTransport()] : []
}

async function discoveries(isMdns: boolean) {
  return isMdns ? [(await import('@libp2p/mdns')).mdns({ serviceTag: MDNS_SERVICE })] : []
}

async function dhtOf(network: string) {
  const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
  const protocol = `/canswarm/${network}/kad/1`
  return kadDHT({ protocol, clientMode: false, peerInfoMapper: passthroughMapper })
}

async function services({ options, limits, appScore }: HostParts): Promise<ServiceFactoryMap<HostServices>> {
  const { network, discovery = {}, nat = {} } = options
  const { relayServer = false, autonat = false, holePunching = false } = nat
  return {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping({ maxInboundStreams: 4, runOnLimitedConnection: true, timeout: limits.pingTimeoutMs }),
    gossip: gossipsub({
      ...GOSSIP,
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: gossipMessageId,
      msgIdToStrFn: (id) => Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1'),
      scoreParams: gossipScoreParams(appScore, limits.peersPerAddressMax),
      scoreThresholds: GOSSIP_THRESHOLDS,
    }),
    ...(discovery.dht === true ? { dht: await dhtOf(network) } : {}),
    ...(relayServer ? { relay: (await import('@libp2p/circuit-relay-v2')).circuitRelayServer() } : {}),
    ...(autonat ? { autonat: (await import('@libp2p/autonat')).autoNAT() } : {}),
    ...(holePunching ? { holePunching: (await import('@libp2p/dcutr')).dcutr() } : {}),
  }
}

/** The host as this adapter uses it. */
export type Host = Libp2p<HostServices>

/** Round trip to a connected peer, in milliseconds. */
export function pingPeer(service: Ping, peer: PeerId, signal: AbortSignal): Promise<number> {
  return service.ping(peer, { signal, runOnLimitedConnection: true })
}
