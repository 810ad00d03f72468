import { keyText } from '../../core/replica/step.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { DeposedLeaders } from './deposed-leaders.ts'
import type { HostCore } from './host-core.ts'

/** What a voter has to know of its groups, and can do, so that no leader leaves out what others hold. */
export class Oversight {
  readonly #core: HostCore
  readonly #deposed: DeposedLeaders

  constructor(core: HostCore, deposed: DeposedLeaders) {
    this.#core = core
    this.#deposed = deposed
  }

  /** Ticks since the start. A node that stood still has not lived them. */
  get ticks(): number {
    return this.#core.tick
  }

  get electionTicks(): number {
    return this.#core.settings.group.electionTicks
  }

  /** Which other node leads the group, in which term. */
  reign(id: GroupId): { readonly leader: RaftId; readonly term: number } | undefined {
    const group = this.#core.groups.get(id)
    const leader = group?.condition === 'running' ? group.leader : undefined
    return group === undefined || leader === undefined || leader === this.#core.self
      ? undefined
      : { leader, term: group.hard.term }
  }

  /** The log has what is not applied here: it waits for a quorum, or for this node. */
  isBehind(id: GroupId): boolean {
    const group = this.#core.groups.get(id)
    return group?.replica === undefined || group.replica.applied < group.last
  }

  /** What the group's log said to a command, as this replica applied it: nobody's word. */
  verdict(id: GroupId, key: Uint8Array): Verdict | undefined {
    return this.#core.groups.get(id)?.replica?.settled.get(keyText(key))?.verdict
  }

  /** Stops to follow the group's leader, and stands for election. False: there is none beside this node, or it did so lately. */
  depose(id: GroupId): boolean {
    return this.#deposed.depose(id)
  }
}
