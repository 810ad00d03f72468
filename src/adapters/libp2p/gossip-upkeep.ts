import type { Libp2p, PeerId } from '@libp2p/interface'
import type { GossipInternals } from './gossip-internals.ts'
import { DELIVERIES_DECAY, DELIVERIES_NONE, topicScoreParams } from './gossip-params.ts'

/** Of a topic's traffic, what a mesh peer must forward at least, and how much is asked of it at most. */
const FORWARDED_SHARE = 0.02
const FORWARDED_MAX = 4
/** So much traffic there must be before anybody is held to it; about three messages a second. */
const TRAFFIC_MIN = 100
const GOSSIP_PROTOCOL = '/meshsub/'

/**
 * What gossip needs once a second. A mesh peer is asked to forward a small share of what is seen on the topic: a fixed
 * number would punish peers on a quiet topic, and none at all would let a peer that never forwards keep a good
 * score (CVE-2022-47547). And a peer whose gossip stream broke gets another one, which the library leaves undone.
 */
export class GossipUpkeep {
  readonly #gossip: GossipInternals
  readonly #libp2p: Libp2p
  readonly #traffic = new Map<string, number>()

  constructor(gossip: GossipInternals, libp2p: Libp2p) {
    this.#gossip = gossip
    this.#libp2p = libp2p
  }

  /** Before the topic is joined. */
  score(topic: string): void {
    this.#gossip.score.params.topics[topic] ??= topicScoreParams()
    this.#traffic.set(topic, this.#traffic.get(topic) ?? 0)
  }

  /** A new message of another peer was accepted. */
  saw(topic: string): void {
    this.#traffic.set(topic, (this.#traffic.get(topic) ?? 0) + 1)
  }

  heartbeat(): void {
    for (const [topic, seen] of this.#traffic) this.#adjust(topic, seen * DELIVERIES_DECAY)
    this.#reopen()
  }

  #adjust(topic: string, seen: number): void {
    this.#traffic.set(topic, seen)
    const params = this.#gossip.score.params.topics[topic]
    if (params === undefined) return
    const asked = seen < TRAFFIC_MIN ? DELIVERIES_NONE : Math.min(FORWARDED_MAX, seen * FORWARDED_SHARE)
    params.meshMessageDeliveriesThreshold = asked
  }

  #reopen(): void {
    for (const connection of this.#libp2p.getConnections()) {
      const peer = connection.remotePeer
      if (connection.status !== 'open' || this.#gossip.streamsOutbound.has(peer.toString())) continue
      if (this.#gossip.peers.has(peer.toString()))
        this.#gossip.outboundInflightQueue.push({ peerId: peer, connection })
      else void this.#meet(peer, () => this.#gossip.onPeerConnected(peer, connection))
    }
  }

  async #meet(peer: PeerId, connected: () => void): Promise<void> {
    try {
      const { protocols } = await this.#libp2p.peerStore.get(peer)
      if (protocols.some((protocol) => protocol.startsWith(GOSSIP_PROTOCOL))) connected()
    } catch {
      // nothing is known of the peer yet
    }
  }
}
