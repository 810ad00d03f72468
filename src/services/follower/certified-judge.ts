import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Validity } from '../../ports/mesh.ts'
import type { Taken } from './follower-host.ts'

/** Takes a batch in, or only judges it. */
export type TakeBatch = (batch: CertifiedBatch) => Result<Taken, Rejection>

/**
 * Whether a message of certified batches goes on. One size of a group is news once: any number of true messages can be made
 * of one certificate. Source: network.md (a message that holds nothing new).
 */
export class CertifiedJudge {
  readonly #take: TakeBatch
  /** Largest size that a forwarded message told, by group. */
  readonly #told = new Map<GroupId, number>()

  constructor(take: TakeBatch) {
    this.#take = take
  }

  /** `behind`: groups of which leaves are missing here. */
  judge(batches: readonly CertifiedBatch[]): {
    readonly validity: Validity
    readonly behind: readonly GroupId[]
  } {
    const behind: GroupId[] = []
    let isNews = false
    for (const batch of batches) {
      const { group, size } = batch.certificate.head
      const taken = this.#take(batch)
      if (!taken.ok) return { validity: 'reject', behind }
      const { value } = taken
      if (value !== 'known' && value !== 'new') behind.push(group)
      if (value === 'unproved' || size <= (this.#told.get(group) ?? 0)) continue
      isNews ||= value !== 'known'
      this.#told.set(group, size)
    }
    return { validity: isNews ? 'accept' : 'ignore', behind }
  }
}
