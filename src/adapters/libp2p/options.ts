import type { SecretKey } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MeshLimits } from './limits.ts'

/** How peers are found, beyond those that are named. */
export interface DiscoveryOptions {
  /** Multicast DNS on the local network. */
  readonly mdns: boolean
  /** Kademlia of this network. */
  readonly dht: boolean
}

/** What helps a node behind a NAT. */
export interface NatOptions {
  /** Dials and is dialled through relays when there is no direct way. */
  readonly relayClient: boolean
  /** Relays for others. */
  readonly relayServer: boolean
  /** Asks peers whether its addresses can be reached. */
  readonly autonat: boolean
  /** Turns relayed connections into direct ones. */
  readonly holePunching: boolean
}

/** How a node takes part in the network. */
export interface MeshOptions {
  /** Stands in the names of protocols and topics: the text of the genesis CID. No slash. */
  readonly network: string
  /** The node's key: 32 bytes. Its PeerId and its DID are of the same key. */
  readonly secret: SecretKey
  readonly clock: Clock
  /** Multiaddrs to listen on, as `/ip4/0.0.0.0/tcp/4001`; port 0 takes any; none: it only dials. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell others instead of those it listens on. */
  readonly announce?: readonly string[]
  /** Multiaddrs, each with or without `/p2p/<id>`. */
  readonly bootstrap?: readonly string[]
  /** File in which peers are kept over a restart; its folder must be there. */
  readonly peerFile?: string
  readonly discovery?: Partial<DiscoveryOptions>
  readonly nat?: Partial<NatOptions>
  readonly limits?: Partial<MeshLimits>
  /** What an operator may want to know, one line each; not per message. */
  readonly tell?: (text: string) => void
}
