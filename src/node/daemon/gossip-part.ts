import { envelopeIdOf } from '../../codec/cid.ts'
import type { Envelope } from '../../codec/envelope/envelope.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import { encodeGossip } from '../../codec/gossip/gossip-message.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import { STANDING } from '../../core/proposer/standing.ts'
import type { Did } from '../../model/ids.ts'
import { GOSSIP_BYTES_MAX, type Mesh, type TopicJudge, type Validity } from '../../ports/mesh.ts'
import { GossipIntake } from '../../services/gossip/gossip-intake.ts'
import { HEARD_EARLY, THREAD_ONLY } from '../../services/gossip/kinds.ts'
import { TopicRelay } from '../../services/gossip/topic-relay.ts'
import { type NetworkTopics, topicsOf } from '../../services/gossip/topics.ts'
import type { Heart } from '../../services/heart/heart.ts'
import { offline } from '../offline.ts'
import type { HeartPart } from './heart-part.ts'

export interface GossipPartOptions {
  /** Text of the network's id. */
  readonly net: string
  readonly voters: ReadonlySet<Did>
  readonly mesh: Mesh
  readonly heart: Pick<HeartPart, 'heart' | 'judge'>
  /** As `ThreadsPart.onBrought`. */
  readonly onBrought: (peer: Did, envelopes: readonly Envelope[]) => boolean
}

/** What certified batches are worth to this node, which takes in what it needs of them. */
export type JudgeCertified = (from: Did, batches: readonly CertifiedBatch[]) => Validity

export interface GossipPart {
  readonly topics: NetworkTopics
  /** As `HeartDeps.spread`. */
  readonly spread: (batch: Uint8Array, envelopes: readonly ReadBody[]) => void
  /**
   * Takes part in the topics of those who follow. With `look`, which runs now and then, it needs nothing of them for itself:
   * then only while one of those is its peer.
   */
  start(certified: JudgeCertified, look?: () => void): void
  stop(): void
}

/** What goes by gossip: lists, on few topics, judged before they go on. Source: network.md, "Gossip". */
export function openGossipPart({ net, voters, mesh, heart, onBrought }: GossipPartOptions): GossipPart {
  const topics = topicsOf(net)
  const intake = new GossipIntake({
    judge: heart.judge,
    take(from, verified) {
      heart.heart.take(verified)
      const envelopes = verified.items.flatMap((item) => (item.ok ? [item.value] : []))
      return onBrought(from, envelopes) || envelopes.some((envelope) => isHeardIn(heart.heart, envelope))
    },
  })
  let relay: TopicRelay | undefined
  return {
    topics,
    spread(batch, envelopes) {
      const isOf = (kinds: ReadonlySet<Kind>): boolean => envelopes.some(({ body }) => kinds.has(body.kind))
      const isListenedTo = mesh.subscribers(topics.need).length > 0
      const to = [
        ...(isOf(THREAD_ONLY) ? [topics.plan] : []),
        ...(isOf(HEARD_EARLY) && isListenedTo ? [topics.need] : []),
      ]
      if (to.length === 0) return
      intake.said(envelopes)
      const message = encodeGossip({ kind: 'batch', batch })
      if (message.length <= GOSSIP_BYTES_MAX) for (const topic of to) mesh.publish(topic, message)
    },
    start(certified, look) {
      mesh.subscribe(topics.plan, intake.judgeOf({ kinds: THREAD_ONLY }))
      const judges = new Map<string, TopicJudge>([
        [topics.system, intake.judgeOf({ kinds: new Set(), certified })],
        [topics.need, intake.judgeOf({ kinds: HEARD_EARLY, certified })],
      ])
      if (look === undefined) for (const [topic, judge] of judges) mesh.subscribe(topic, judge)
      else relay = TopicRelay.open({ mesh, voters, judges, clock: offline.clock, onLook: look })
    },
    stop: () => relay?.stop(),
  }
}

/** Said in a need that is open here, by somebody whom its statements may name. */
function isHeardIn(heart: Pick<Heart, 'bucketOf' | 'standing'>, { body }: Envelope): boolean {
  if (!HEARD_EARLY.has(body.kind) || !('need_id' in body.payload)) return false
  const need = envelopeIdOf(body.payload.need_id)
  return heart.bucketOf(need) !== undefined && heart.standing(need, body.sender) !== STANDING.stranger
}
