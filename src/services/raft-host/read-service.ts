import { assertLogIndex, type GroupId, type LogIndex } from '../../model/raft.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import { type ReadOutcome, sortReads } from './reads.ts'

/** Linearizable reads by the engine's read index. Source: raft-host-catalogue I1, I2. */
export class ReadService {
  readonly #core: HostCore

  constructor(core: HostCore) {
    this.#core = core
  }

  /** A linearizable read, on any replica: calls `done` once, by the deadline. Source: raft-host-catalogue I1, I2. */
  read(group: GroupId, deadlineTicks: number, done: (outcome: ReadOutcome) => void): void {
    const hosted = this.#core.groups.get(group)
    const { readsMax } = this.#core.settings
    if (hosted === undefined) return done({ kind: 'refused', why: 'unknown-group' })
    if (hosted.condition !== 'running') return done({ kind: 'refused', why: 'halted' })
    if (hosted.reads.length >= readsMax) return done({ kind: 'refused', why: 'queue-full' })
    wake(this.#core, hosted)
    const deadline = this.#core.tick + deadlineTicks
    hosted.reads.push({ context: '', askedAt: 0, index: undefined, deadline, done })
  }

  /** Asks the engine for an index, once for all reads of the group that have none. */
  ask(group: HostedGroup): void {
    const { tick, settings, engine, mutant } = this.#core
    const due = group.reads.filter(
      ({ index, context, askedAt }) =>
        index === undefined && (context === '' || tick - askedAt >= settings.readRetryTicks),
    )
    if (due.length === 0) return
    const context = `${this.#core.self}.${this.#core.incarnation}.${this.#core.serial++}`
    for (const read of due) {
      read.askedAt = tick
      read.context = context
      const isUnasked = mutant === 'read-on-any-leader' && group.role === 'leader'
      if (mutant === 'read-without-quorum' || isUnasked)
        read.index = group.replica?.applied ?? (0 as LogIndex)
    }
    engine.readIndex(group.id, new TextEncoder().encode(context)) // refused: asked again until the deadline
  }

  serve(group: HostedGroup): void {
    const applied =
      this.#core.mutant === 'read-before-applied' ? Number.MAX_SAFE_INTEGER : group.replica?.applied
    const { served, late, left } = sortReads(group.reads, assertLogIndex(applied ?? 0), this.#core.tick)
    group.reads.splice(0, group.reads.length, ...left)
    for (const { done } of served) {
      if (group.replica !== undefined) {
        done({ kind: 'served', index: group.replica.applied, state: group.replica.state })
      }
    }
    for (const { done } of late) done({ kind: 'unknown' })
  }
}
