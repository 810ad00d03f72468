import type { Replica } from '../../core/replica/replica.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'

/** How far a group had got, and when. */
interface Mark {
  readonly tick: number
  readonly position: number
}

/** Marks of one group; beyond that every other one goes. */
const MARKS_MAX = 64
/** So much of the bound is left once something was forgotten, that it need not be at once again. */
const LEFT = 7 / 8

/**
 * What came of commands is remembered for those who ask again, and that is replicated state: all replicas must forget
 * the same at the same entry. How much memory it may take is a bound of each node, over all its groups. A node above
 * its bound chooses what is oldest by its own clock, whatever the group, and asks the leaders; a leader makes an entry
 * of it. So replicas agree, and each node keeps its bound. Source: raft-host-catalogue F1.
 */
export class OutcomeMemory {
  readonly #core: HostCore
  readonly #marks = new Map<GroupId, Mark[]>()

  constructor(core: HostCore) {
    this.#core = core
  }

  /** Looks whether the bound is kept. */
  check(): void {
    let bytes = 0
    for (const group of this.#core.groups.all()) {
      if (group.replica === undefined || group.condition !== 'running') continue
      this.#mark(group.id, group.replica)
      bytes += group.replica.settled.bytes
    }
    const { outcomeBytesMax } = this.#core.settings
    if (bytes > outcomeBytesMax) this.#forget(bytes - outcomeBytesMax * LEFT)
  }

  /** A member wants less to be remembered; what is younger than this node allows stays. */
  hearWanted(group: HostedGroup, below: number): void {
    if (group.role === 'leader' && group.replica !== undefined) this.#propose(group, group.replica, below)
  }

  #mark(group: GroupId, { position }: Replica): void {
    const marks = this.#marks.get(group) ?? []
    if (marks.at(-1)?.position === position) return
    marks.push({ tick: this.#core.tick, position })
    this.#marks.set(group, marks.length > MARKS_MAX ? marks.filter((_, at) => at % 2 === 1) : marks)
  }

  /** The oldest of all groups, until so many bytes are free. */
  #forget(excess: number): void {
    const all = [...this.#marks].flatMap(([group, marks]) => marks.map((mark) => ({ ...mark, group })))
    const below = new Map<GroupId, number>()
    let left = excess
    for (const { group, position } of all.toSorted((a, b) => a.tick - b.tick)) {
      if (left <= 0) break
      const replica = this.#core.groups.get(group)?.replica
      if (replica === undefined) continue
      const { settled } = replica
      const oldest = Math.max(settled.floor, replica.position - settled.size)
      const from = below.get(group) ?? oldest
      // As if all outcomes took the same: what remains is seen at the next look.
      const each = settled.bytes / Math.max(1, replica.position - oldest)
      const to = Math.min(position, this.#most(replica.position), from + Math.ceil(left / each))
      if (to <= from) continue
      left -= (to - from) * each
      below.set(group, to)
    }
    for (const [group, position] of below) this.#ask(group, position)
  }

  #ask(id: GroupId, below: number): void {
    const group = this.#core.groups.get(id)
    if (group?.replica === undefined || group.condition !== 'running') return
    const { floor } = group.replica.settled
    const marks = this.#marks.get(id) ?? []
    this.#marks.set(
      id,
      marks.filter(({ position }) => position > floor),
    )
    if (this.#core.mutant === 'forget-alone')
      group.replica.settled.forgetBelow(this.#most(group.replica.position))
    else if (group.role === 'leader') this.#propose(group, group.replica, below)
    else if (group.leader !== undefined) this.#tell(group.leader, id, below)
  }

  #tell(leader: RaftId, group: GroupId, below: number): void {
    this.#core.outgoing.add(leader, { kind: 'forget-wanted', group, below })
  }

  #propose(group: HostedGroup, { position, settled }: Replica, wanted: number): void {
    const below = Math.min(wanted, this.#most(position))
    const isAsked = group.internal.some((item) => item.kind === 'forget' && item.below >= below)
    if (below <= settled.floor || isAsked) return
    group.internal.push({ kind: 'forget', below })
    wake(this.#core, group)
  }

  /** What is younger is never forgotten: those who wait for an answer ask again soon. */
  #most(position: number): number {
    return position - this.#core.settings.outcomesKept
  }
}
