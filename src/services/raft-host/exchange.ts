import { latestConfig } from '../../core/certificate/voter-chain.ts'
import type { CheckedBatch } from '../../core/replica/proof-check.ts'
import { EFFECTS_UNDERWAY_MAX, effectBatch } from '../../core/replica/replica.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { AnswerBatch, EffectBatch } from '../../model/replicated.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import { provenAnswers, provenEffects } from './proofs.ts'
import { doneUpTo, noteDone } from './underway.ts'

/**
 * Effects between groups. The source's leader sends what is not answered until it is; the target's leader makes an
 * entry of what is new and answers; the source's leader makes an entry of the answers. Numbers in the replicated
 * state make it exactly once and in order, however often frames come. Source: consensus.md; architecture.md.
 */
export class Exchange {
  readonly #core: HostCore

  constructor(core: HostCore) {
    this.#core = core
  }

  /** What a leader has to tell other groups: once a turn. */
  flush(group: HostedGroup): void {
    const { replica } = group
    if (group.role !== 'leader' || replica === undefined || group.condition !== 'running') return
    for (const [target, { answered, waiting }] of replica.outboxes) {
      if (waiting.length === 0) continue
      const done = doneUpTo(this.#core, group, `to ${target}`, answered)
      const most = answered + Math.min(waiting.length, EFFECTS_UNDERWAY_MAX) - done
      const proven = provenEffects(group, target, done + 1, Math.max(0, most))
      const bytesMax = this.#core.settings.entryBytesTarget
      const batch = effectBatch(replica, target, { first: done + 1, most: proven.count, bytesMax })
      if (batch === undefined) continue
      noteDone(this.#core, group, `to ${target}`, done + batch.bodies.length, answered)
      this.#tellNoLinks(group, target)
      wake(this.#core, group)
      this.#sendEffects(proven.prove(batch), 0)
    }
    const owed = [...group.seals.owed.keys()] // an answer may be owed again
    for (const source of owed) this.#answer(group, source, Number.POSITIVE_INFINITY)
  }

  hearEffects(from: RaftId, batch: EffectBatch, hops: number): void {
    const group = this.#core.groups.get(batch.target)
    if (group?.role !== 'leader' || group.replica === undefined) return this.#sendEffects(batch, hops, from)
    if (batch.generation !== group.replica.generation || batch.bodies.length > EFFECTS_UNDERWAY_MAX) return
    const inbox = group.replica.inboxes.get(batch.source)
    const received = inbox?.received ?? 0
    const upTo = batch.first + batch.bodies.length - 1
    if (received >= batch.first)
      this.#answer(group, batch.source, Math.max(batch.answered + 1, inbox?.first ?? 1))
    const done = doneUpTo(this.#core, group, `from ${batch.source}`, received)
    if (upTo <= done || batch.first > done + 1) return
    if (!this.#accepts(group, this.#core.proofs.effects(group.replica, batch), batch.source)) return
    noteDone(this.#core, group, `from ${batch.source}`, upTo, received)
    wake(this.#core, group)
    group.internal.push({ kind: 'effects', batch })
  }

  hearAnswers(from: RaftId, batch: AnswerBatch, hops: number): void {
    const group = this.#core.groups.get(batch.target)
    if (group?.role !== 'leader' || group.replica === undefined) return this.#sendAnswers(batch, hops, from)
    const outbox = group.replica.outboxes.get(batch.source)
    const upTo = batch.first + batch.verdicts.length - 1
    if (outbox === undefined) return
    const { answered } = outbox
    const done = doneUpTo(this.#core, group, `answers ${batch.source}`, answered)
    if (upTo <= done || batch.first > done + 1) return
    if (!this.#accepts(group, this.#core.proofs.answers(group.replica, batch), batch.source)) return
    noteDone(this.#core, group, `answers ${batch.source}`, upTo, answered)
    wake(this.#core, group)
    group.internal.push({ kind: 'answers', batch })
  }

  /** Effects were applied: the leader answers at once. */
  applied(group: HostedGroup, source: GroupId, first: number): void {
    if (group.role === 'leader') this.#answer(group, source, first)
  }

  /** A change of leader: nothing is underway that this node knows of. */
  forget(group: HostedGroup): void {
    group.underway.clear()
  }

  #answer(group: HostedGroup, source: GroupId, first: number): void {
    const { replica } = group
    const inbox = replica?.inboxes.get(source)
    if (replica === undefined || inbox === undefined) return
    const { owed } = group.seals
    const from = Math.max(Math.min(first, owed.get(source) ?? first), inbox.first)
    const verdicts = inbox.answers.slice(from - inbox.first)
    owed.delete(source)
    if (verdicts.length === 0) return
    const proven = provenAnswers(group, source, from, verdicts.length)
    this.#core.groups.touch(group)
    if (proven.count < verdicts.length) owed.set(source, from + proven.count)
    if (proven.count === 0) return
    this.#tellNoLinks(group, source)
    const bare: AnswerBatch = {
      source: group.id,
      target: source,
      generation: replica.generation,
      first: from,
      verdicts: verdicts.slice(0, proven.count),
      proof: new Uint8Array(0),
    }
    this.#sendAnswers(proven.prove(bare), 0)
  }

  #tellNoLinks({ replica, seals }: HostedGroup, other: GroupId): void {
    if (this.#core.mutant !== 'links-not-sent' || replica?.sealed === undefined) return
    seals.known.set(other, latestConfig(replica.sealed.chain).version)
  }

  /** What proves nothing makes no entry; what tells of new voters does, even if that is all. */
  #accepts(group: HostedGroup, { isProven, chain, knows }: CheckedBatch, source: GroupId): boolean {
    if (isProven && knows !== undefined) group.seals.known.set(source, knows)
    return isProven || chain !== undefined
  }

  #sendEffects(batch: EffectBatch, hops: number, not?: RaftId): void {
    const { self } = this.#core
    const to = this.#whereTo(batch.target, hops, not)
    if (to === self) this.hearEffects(self, batch, hops)
    else if (to !== undefined) this.#core.outgoing.add(to, { kind: 'effects', hops: hops + 1, batch })
  }

  #sendAnswers(batch: AnswerBatch, hops: number, not?: RaftId): void {
    const { self } = this.#core
    const to = this.#whereTo(batch.target, hops, not)
    if (to === self) this.hearAnswers(self, batch, hops)
    else if (to !== undefined) this.#core.outgoing.add(to, { kind: 'answers', hops: hops + 1, batch })
  }

  /** The leader if it is known here, else someone who may know it, another one each time. */
  #whereTo(target: GroupId, hops: number, not: RaftId | undefined): RaftId | undefined {
    const { self, groups, directory, settings, tick } = this.#core
    if (hops >= settings.hopsMax) return undefined
    const group = groups.get(target)
    if (group?.role === 'leader' && group.replica !== undefined) return self
    if (group?.leader !== undefined && group.leader !== self) return group.leader
    const others = directory.replicas(target).filter((peer) => peer !== self && peer !== not)
    return others[tick % Math.max(1, others.length)]
  }
}
