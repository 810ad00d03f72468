import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { VerifiedBatch } from '../../codec/envelope/verify-batch.ts'
import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import { decodeGossip } from '../../codec/gossip/gossip-message.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { TopicJudge, Validity } from '../../ports/mesh.ts'
import { HeardBefore } from './heard-before.ts'

export interface GossipIntakeDeps {
  /** What a batch that a peer handed over is worth; as for those that come by stream. */
  readonly judge: (from: Did, batch: Uint8Array) => Promise<Result<VerifiedBatch, Rejection>>
  /**
   * Takes in envelopes whose signature was checked, with the batch that they came in. False: none of them is of use here, as
   * far as this node knows.
   */
  readonly take: (from: Did, verified: VerifiedBatch) => boolean
}

/** What a topic is for. */
export interface TopicUse {
  /** Verbs of which a batch must hold one: what only voters need goes to them by stream. */
  readonly kinds: ReadonlySet<Kind>
  /** Absent: no certified batches there. */
  readonly certified?: (from: Did, batches: readonly CertifiedBatch[]) => Validity
}

/**
 * What a topic's messages are worth before they go on: form, size, signatures, ingress policy; then whether anything of
 * them is new, and of use: keys cost nothing, and what anybody may say to nobody must not go to everybody. Cheap checks come first. Source: network.md (topic validators).
 */
export class GossipIntake {
  readonly #deps: GossipIntakeDeps
  readonly #heard = new HeardBefore()

  constructor(deps: GossipIntakeDeps) {
    this.#deps = deps
  }

  judgeOf(use: TopicUse): TopicJudge {
    return (from, data) => {
      const message = decodeGossip(data)
      if (!message.ok) return 'reject'
      if (message.value.kind === 'batch') return this.#judgeBatch(from, message.value.batch, use)
      return use.certified === undefined ? 'reject' : use.certified(from, message.value.batches)
    }
  }

  /** An own batch goes out: it is no news when it comes back. */
  said(envelopes: readonly ReadBody[]): void {
    this.#heard.note(envelopes.map(({ id }) => id))
  }

  async #judgeBatch(from: Did, batch: Uint8Array, { kinds }: TopicUse): Promise<Validity> {
    const judged = await this.#deps.judge(from, batch)
    // The budget for second opinions says nothing of the batch.
    if (!judged.ok) return judged.error.code === 'RATE_LIMITED' ? 'ignore' : 'reject'
    const good = judged.value.items.flatMap((item) => (item.ok ? [item.value] : []))
    if (!good.some(({ body }) => kinds.has(body.kind))) return 'reject'
    if (!this.#heard.note(good.map(({ id }) => id))) return 'ignore'
    return this.#deps.take(from, judged.value) ? 'accept' : 'ignore'
  }
}
