import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { type Identify, identify, identifyPush } from '@libp2p/identify'
import type { ConnectionGater, PeerId, PrivateKey } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
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
export function createHost(parts: HostParts): Promise<Host> {
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
      ...(relayClient ? [circuitRelayTransport()] : []),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [guardedYamux(limits, () => options.clock.monotonicMs())],
    peerDiscovery: options.discovery?.mdns === true ? [mdns({ serviceTag: MDNS_SERVICE })] : [],
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
    services: services(parts),
  } satisfies Libp2pOptions<HostServices>
  return createLibp2p<HostServices>(init)
}

/** Those that are there whatever the options say. */
export interface HostServices extends Record<string, unknown> {
  readonly identify: Identify
  readonly ping: Ping
  readonly gossip: GossipSub
}

function services({ options, limits, appScore }: HostParts): ServiceFactoryMap<HostServices> {
  const { relayServer = false, autonat = false, holePunching = false } = options.nat ?? {}
  const dht = `/canswarm/${options.network}/kad/1`
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
    ...(options.discovery?.dht === true
      ? { dht: kadDHT({ protocol: dht, clientMode: false, peerInfoMapper: passthroughMapper }) }
      : {}),
    ...(relayServer ? { relay: circuitRelayServer() } : {}),
    ...(autonat ? { autonat: autoNAT() } : {}),
    ...(holePunching ? { holePunching: dcutr() } : {}),
  }
}

/** The host as this adapter uses it. */
export type Host = Libp2p<HostServices>

/** Round trip to a connected peer, in milliseconds. */
export function pingPeer(service: Ping, peer: PeerId, signal: AbortSignal): Promise<number> {
  return service.ping(peer, { signal, runOnLimitedConnection: true })
}
