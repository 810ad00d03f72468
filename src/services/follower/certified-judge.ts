import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Validity } from '../../ports/mesh.ts'
import type { Taken } from './follower-host.ts'

/** Takes a batch in, or only judges it. Of what is `known` nothing was judged. */
export type TakeBatch = (batch: CertifiedBatch) => Result<Taken, Rejection>

/** Whether a batch is true, whoever needs it. */
export type JudgeKnown = (batch: CertifiedBatch) => Result<unknown, Rejection>

/**
 * Whether a message of certified batches goes on. One size of a group is news once: any number of true messages can be made
 * of one certificate. All of what goes on is true as far as this node knows: peers that lack what is known here would charge
 * it for the rest. Source: network.md (a message that holds nothing new).
 */
export class CertifiedJudge {
  readonly #take: TakeBatch
  readonly #judgeKnown: JudgeKnown
  /** Largest size that a forwarded message told, by group. */
  readonly #told = new Map<GroupId, number>()

  constructor(take: TakeBatch, judgeKnown: JudgeKnown) {
    this.#take = take
    this.#judgeKnown = judgeKnown
  }

  /** `behind`: groups of which leaves are missing here. */
  judge(batches: readonly CertifiedBatch[]): {
    readonly validity: Validity
    readonly behind: readonly GroupId[]
  } {
    const behind: GroupId[] = []
    const groups = new Set(batches.map(({ certificate }) => certificate.head.group))
    // Who leads a group has one batch of it to tell: what is said twice is there to be judged twice.
    if (groups.size < batches.length) return { validity: 'reject', behind }
    const known: CertifiedBatch[] = []
    let isNews = false
    let isProved = true
    for (const batch of batches) {
      const { group, size } = batch.certificate.head
      const taken = this.#take(batch)
      if (!taken.ok) return { validity: 'reject', behind }
      const { value } = taken
      if (value === 'known') known.push(batch)
      else if (value !== 'new') behind.push(group)
      if (value === 'unproved') isProved = false
      if (value === 'unproved' || size <= (this.#told.get(group) ?? 0)) continue
      isNews ||= value !== 'known'
      this.#told.set(group, size)
    }
    if (!isNews || !isProved) return { validity: 'ignore', behind }
    const isTrue = known.every((batch) => this.#judgeKnown(batch).ok)
    return { validity: isTrue ? 'accept' : 'reject', behind }
  }
}

/**
 * Takes for a node that needs nothing of what it passes on: one size of a group is judged once, and any number of messages that
 * were true before cost nothing. Rejects as `judge`, which must know the network's groups alone.
 */
export function takingNothing(judge: JudgeKnown): TakeBatch {
  const judged = new Map<GroupId, number>()
  return (batch) => {
    const { group, size } = batch.certificate.head
    if (size <= (judged.get(group) ?? 0)) return ok('known')
    const verdict = judge(batch)
    if (!verdict.ok) return verdict
    judged.set(group, size)
    return ok('new')
  }
}
