import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import { GOSSIP_BYTES_MAX } from '../../ports/mesh.ts'
import { plainBytes } from './byte-stream.ts'
import type { GossipInternals } from './gossip-internals.ts'
import { CACHED_BYTES_MAX, WANTED_BYTES_MAX } from './gossip-params.ts'
import { didOfPeer } from './identity.ts'
import { type MeshLimits, POINTS } from './limits.ts'

/** What the guard is made of. */
export interface GossipGuardDeps {
  readonly gossip: GossipInternals
  readonly limits: MeshLimits
  /** Topics of this network begin so; others are none of ours. */
  readonly topicPrefix: string
  readonly monotonicMs: () => number
  readonly penalise: (did: Did, points: number, why: string) => void
  /** Ends the connections of a peer whose stream cannot be read on. */
  readonly hangUp: (did: Did) => void
  /** Messages of the peer that wait for their judge. */
  readonly judged: (did: Did) => number
  readonly count: (what: string) => void
}

/** A second's worth is granted twice at once. */
const BURST_SECONDS = 2
const PEERS_MAX = 4096
/** Names of errors by which the length prefixes of gossip frames are refused. */
const FRAME_ERRORS = new Set([
  'InvalidMessageLengthError',
  'InvalidDataLengthError',
  'InvalidDataLengthLengthError',
])

interface Budget {
  readonly frames: TokenBucket
  readonly bytes: TokenBucket
  readonly messages: TokenBucket
}

/**
 * Stands between a peer's gossip stream and gossipsub: what is above the peer's limits is dropped before it is decoded or
 * marked as seen, so that a flood neither costs memory nor keeps another peer's copy from being heard; malformed
 * frames, which the library passes over in silence, are charged. Source: network.md, "Limits".
 */
export class GossipGuard {
  readonly #deps: GossipGuardDeps
  // A peer that comes back finds what it had left.
  readonly #budgets = new LruMap<Did, Budget>(PEERS_MAX)

  constructor(deps: GossipGuardDeps) {
    this.#deps = deps
  }

  /** From now on. */
  stand(): void {
    this.#deps.gossip.pipePeerReadStream = (from, frames) => this.#read(from, frames)
  }

  async #read(from: PeerId, frames: AsyncIterable<{ subarray(): Uint8Array }>): Promise<void> {
    const { gossip } = this.#deps
    const did = didOfPeer(from)
    try {
      for await (const frame of frames) {
        const rpc = did === undefined ? undefined : this.#take(did, from, plainBytes(frame))
        if (rpc !== undefined) gossip.handleReceivedRpc(from, rpc).catch(() => this.#deps.count('rpc-failed'))
      }
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('unknown', { cause: error })
      if (did !== undefined) this.#broken(did, failure)
      gossip.handlePeerReadStreamError(failure, from)
    }
  }

  #broken(did: Did, error: Error): void {
    if (!FRAME_ERRORS.has(error.name)) return
    this.#deps.count('gossip-oversize')
    this.#deps.penalise(did, POINTS.oversize, 'a gossip frame beyond the limit')
    this.#deps.hangUp(did)
  }

  /**
   * What is left of a frame, decoded; undefined: nothing. Gossipsub ceases to listen to a peer above the score at which it is
   * banned: without a charge it could go on there for ever.
   */
  #take(did: Did, from: PeerId, bytes: Uint8Array): RPC | undefined {
    const nowMs = this.#deps.monotonicMs()
    const { frames, bytes: room } = this.#budgetOf(did, nowMs)
    if (!frames.take(1, nowMs) || !room.take(bytes.length, nowMs)) return this.#over(did, 'gossip-flood')
    if (!this.#deps.gossip.acceptFrom(from.toString())) {
      this.#deps.count('gossip-unheard')
      this.#deps.penalise(did, POINTS.gossipUnheard, 'gossip of a peer that is not listened to')
      return undefined
    }
    const rpc = this.#decode(bytes)
    if (rpc === undefined) {
      this.#deps.count('gossip-malformed')
      this.#deps.penalise(did, POINTS.malformed, 'a malformed gossip frame')
      return undefined
    }
    rpc.messages = rpc.messages.filter((message) => this.#isWanted(did, message, nowMs))
    rpc.subscriptions = rpc.subscriptions.filter(({ topic }) => topic?.startsWith(this.#deps.topicPrefix))
    return rpc
  }

  #decode(bytes: Uint8Array): RPC | undefined {
    try {
      return this.#deps.gossip.decodeRpc(bytes)
    } catch {
      return undefined // what is wrong with it makes no difference
    }
  }

  #isWanted(did: Did, { topic, data }: RPC.Message, nowMs: number): boolean {
    const { gossip, limits, judged, penalise, count } = this.#deps
    if (!gossip.subscriptions.has(topic)) {
      count('gossip-foreign-topic')
      penalise(did, POINTS.foreignTopic, 'a message on a topic that was not asked for')
      return false
    }
    if ((data?.length ?? 0) > GOSSIP_BYTES_MAX) {
      count('gossip-oversize')
      penalise(did, POINTS.oversize, 'a gossip message beyond the limit')
      return false
    }
    if (judged(did) >= limits.judgedPerPeerMax) {
      count('judge-queue-full')
      penalise(did, POINTS.judgeQueueFull, 'more gossip than can be judged')
      return false
    }
    const isBelow = this.#budgetOf(did, nowMs).messages.take(1, nowMs)
    if (!isBelow) this.#over(did, 'gossip-flood')
    return isBelow
  }

  #over(did: Did, what: string): undefined {
    this.#deps.count(what)
    this.#deps.penalise(did, POINTS.overLimit, 'more gossip than a peer may send')
  }

  #budgetOf(did: Did, nowMs: number): Budget {
    const known = this.#budgets.get(did)
    if (known !== undefined) return known
    const { gossipFramesPerSecondMax, gossipBytesPerSecondMax, gossipMessagesPerSecondMax } =
      this.#deps.limits
    const bucket = (rate: number): TokenBucket => new TokenBucket(rate, rate * BURST_SECONDS, nowMs)
    const budget = {
      frames: bucket(gossipFramesPerSecondMax),
      bytes: bucket(gossipBytesPerSecondMax),
      messages: bucket(gossipMessagesPerSecondMax),
    }
    this.#budgets.set(did, budget)
    return budget
  }
}

/**
 * Bounds the messages that are kept for those who missed them, and what one peer gets of them: the library counts
 * messages, not bytes. Returns what a heartbeat has to call.
 */
export function boundMessageCache({ mcache }: Pick<GossipInternals, 'mcache'>): () => void {
  const put = mcache.put.bind(mcache)
  const getWithIWantCount = mcache.getWithIWantCount.bind(mcache)
  const wanted = new Map<string, number>()
  let cached = 0
  mcache.put = (id, message, isValidated) => {
    const bytes = message.data?.length ?? 0
    if (cached + bytes > CACHED_BYTES_MAX) return false
    cached += bytes
    return put(id, message, isValidated)
  }
  mcache.getWithIWantCount = (id, peer) => {
    const used = wanted.get(peer) ?? 0
    if (used >= WANTED_BYTES_MAX) return null
    const found = getWithIWantCount(id, peer)
    if (found !== null) wanted.set(peer, used + (found.msg.data?.length ?? 0))
    return found
  }
  return () => {
    wanted.clear()
    cached = 0
  }
}
