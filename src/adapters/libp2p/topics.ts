import { hash } from 'node:crypto'
import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { concatBytes } from '../../codec/bytes.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import { GOSSIP_BYTES_MAX, type TopicJudge, type Validity } from '../../ports/mesh.ts'
import { didOfPeer } from './identity.ts'
import { type MeshLimits, POINTS } from './limits.ts'

/** What topics are made of. */
export interface TopicsDeps {
  readonly limits: MeshLimits
  readonly monotonicMs: () => number
  readonly penalise: (did: Did, points: number, why: string) => void
  readonly count: (what: string) => void
}

/**
 * Of messages with nothing new a peer may send as many as it sends good ones, and so many a second beyond: what it forwards was new
 * to itself, and the same may have come to this node by another way. A long one counts as several: it costs as much to read.
 */
const IDLE_PER_SECOND = 20
const IDLE_BURST = 200
const IDLE_BYTES = 131_072

const VERDICT = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const satisfies Record<Validity, TopicValidatorResult>

/** The topics of this node: who judges their messages, and how many wait for that. */
export class Topics {
  readonly #deps: TopicsDeps
  readonly #judged = new Map<Did, number>()
  readonly #idle = new TokenBuckets<Did>(IDLE_PER_SECOND, IDLE_BURST)
  #judgedCount = 0
  #judgedBytes = 0

  constructor(deps: TopicsDeps) {
    this.#deps = deps
  }

  /** Messages of a peer that wait for their judge. */
  judged(did: Did): number {
    return this.#judged.get(did) ?? 0
  }

  subscribe(gossip: GossipSub, topic: string, judge: TopicJudge): void {
    gossip.topicValidators.set(topic, (from, message) => this.#judge(judge, from, message))
    gossip.subscribe(topic)
  }

  unsubscribe(gossip: GossipSub, topic: string): void {
    gossip.unsubscribe(topic)
    gossip.topicValidators.delete(topic)
  }

  publish(gossip: GossipSub, topic: string, data: Uint8Array): void {
    assert(data.length <= GOSSIP_BYTES_MAX, `a gossip message has at most ${GOSSIP_BYTES_MAX} bytes`)
    this.#deps.count('published')
    // It throws for lack of peers alone, and before the start and after the end.
    gossip.publish(topic, data).catch(() => this.#deps.count('publish-failed'))
  }

  async #judge(judge: TopicJudge, peer: PeerId, { data }: Message): Promise<TopicValidatorResult> {
    const from = didOfPeer(peer)
    if (from === undefined) return TopicValidatorResult.Reject
    if (!this.#enter(from, data.length)) return TopicValidatorResult.Ignore
    try {
      const verdict = await judge(from, data)
      this.#charge(from, verdict, 1 + Math.floor(data.length / IDLE_BYTES))
      return VERDICT[verdict]
    } catch {
      this.#deps.count('judge-failed')
      return TopicValidatorResult.Ignore
    } finally {
      this.#leave(from, data.length)
    }
  }

  #charge(from: Did, verdict: Validity, weight: number): void {
    this.#deps.count(`gossip-${verdict}`)
    if (verdict === 'reject') this.#deps.penalise(from, POINTS.gossipRejected, 'an invalid gossip message')
    const nowMs = this.#deps.monotonicMs()
    const idle = this.#idle.of(from, nowMs)
    if (verdict === 'accept') idle.give(weight)
    if (verdict === 'ignore' && !idle.take(weight, nowMs))
      this.#deps.penalise(from, POINTS.gossipIgnored, 'gossip with nothing new')
  }

  #enter(from: Did, bytes: number): boolean {
    const { judgedMax, judgedBytesMax } = this.#deps.limits
    if (this.#judgedCount >= judgedMax || this.#judgedBytes + bytes > judgedBytesMax) {
      this.#deps.count('judge-queue-full')
      return false
    }
    this.#judged.set(from, this.judged(from) + 1)
    this.#judgedCount += 1
    this.#judgedBytes += bytes
    return true
  }

  #leave(from: Did, bytes: number): void {
    const left = this.judged(from) - 1
    if (left > 0) this.#judged.set(from, left)
    else this.#judged.delete(from)
    this.#judgedCount -= 1
    this.#judgedBytes -= bytes
  }
}

const TOPIC_TAG_BYTES = 8
const topicTags = new LruMap<string, Uint8Array>(1024)

/**
 * A message's id: sha256 of its data, and eight bytes that stand for the topic. Without those a peer could have a message
 * ignored where it belongs by sending it first where it does not. Source: network.md, "Gossip".
 */
export function gossipMessageId({ topic, data }: Pick<Message, 'topic' | 'data'>): Uint8Array {
  return concatBytes(hash('sha256', data, 'buffer'), topicTag(topic))
}

function topicTag(topic: string): Uint8Array {
  const known = topicTags.get(topic)
  if (known !== undefined) return known
  const tag = new Uint8Array(hash('sha256', topic, 'buffer').subarray(0, TOPIC_TAG_BYTES))
  topicTags.set(topic, tag)
  return tag
}
