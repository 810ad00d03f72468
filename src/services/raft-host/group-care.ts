import type { RaftId } from '../../model/raft.ts'
import type { GroupStatus } from '../../ports/consensus-engine.ts'
import type { DeposedLeaders } from './deposed-leaders.ts'
import { dropFormers } from './group-store.ts'
import { maySleep } from './hibernation.ts'
import { type HostCore, isAlive, wake } from './host-core.ts'
import { type HostedGroup, membersOf, openSizes } from './hosted-group.ts'
import { nextPromotion, preferredLeader } from './membership.ts'
import type { Outgoing } from './outgoing.ts'
import type { Snapshots } from './snapshots.ts'

const TRIM = { rowsMax: 256, bytesMax: 1_048_576 }
/** Before a stop, when nothing waits: about 50 ms. */
const TRIM_MUCH = { rowsMax: 4_096, bytesMax: 67_108_864 }

/** What is to be looked after as time goes by: sleep, learners, even spread of leaders, peers that are lost. */
export class GroupCare {
  readonly #core: HostCore
  readonly #snapshots: Snapshots
  readonly #deposed: DeposedLeaders
  readonly #lost = new Set<RaftId>()
  #followed: ReadonlySet<RaftId> = new Set()
  #isTrimDue = false

  constructor(core: HostCore, snapshots: Snapshots, deposed: DeposedLeaders) {
    this.#core = core
    this.#snapshots = snapshots
    this.#deposed = deposed
  }

  /** One tick of a group that is awake. */
  tick(group: HostedGroup): void {
    if (group.condition !== 'running') return
    group.leaderlessTicks = group.leader === undefined ? group.leaderlessTicks + 1 : 0
    group.leadingTicks = group.role === 'leader' ? group.leadingTicks + 1 : 0
    this.#snapshots.tick(group)
    dropFormers(this.#core, group)
    if (group.leavingAt !== undefined) this.#leave(group, group.leavingAt)
    if (group.role === 'leader') this.#lead(group)
  }

  /** At the end of a turn: a group that may sleep does, and its members are told. */
  putToSleep(group: HostedGroup): void {
    const { outgoing, self } = this.#core
    group.sleepDue = false
    group.asleep = true
    for (const peer of membersOf(group.replica)) {
      if (peer === self) continue
      outgoing.add(peer, { kind: 'sleep', group: group.id, term: group.hard.term, index: group.last })
    }
  }

  /** Somebody was heard of. One who was lost may be due to lead again. */
  heard(peer: RaftId): void {
    const { heardAt, groups, tick } = this.#core
    heardAt.set(peer, tick)
    if (!this.#lost.delete(peer)) return
    for (const group of groups.all()) if (membersOf(group.replica).has(peer)) wake(this.#core, group)
  }

  /** Tells peers that this node lives, and wakes the groups of those who were lost. Source: G3. */
  peers(outgoing: Outgoing): void {
    const { tick, settings, groups } = this.#core
    for (const peer of this.#followed) {
      if (tick - outgoing.sentAt(peer) >= settings.aliveTicks) outgoing.add(peer, { kind: 'alive' })
      if (isAlive(this.#core, peer) || this.#lost.has(peer)) continue
      this.#lost.add(peer)
      for (const group of groups.all()) if (membersOf(group.replica).has(peer)) wake(this.#core, group)
    }
    this.#isTrimDue ||= tick % settings.aliveTicks === 0
  }

  /** Between two writes: what nobody needs any more goes from the store. */
  trim(): void {
    if (!this.#isTrimDue || this.#core.isWriting) return
    this.#isTrimDue = false
    this.#core.store.trim(TRIM)
  }

  /** True: there is more. */
  trimMuch(): boolean {
    const outcome = this.#core.store.trim(TRIM_MUCH)
    return outcome.kind === 'trimmed' && outcome.more
  }

  /** Connections follow membership. Source: M7. */
  follow(): void {
    const peers = new Set<RaftId>()
    for (const { replica, condition } of this.#core.groups.all()) {
      if (condition === 'running') for (const peer of membersOf(replica)) peers.add(peer)
    }
    peers.delete(this.#core.self)
    const isSame = peers.size === this.#followed.size && [...peers].every((peer) => this.#followed.has(peer))
    if (isSame) return
    this.#followed = peers
    this.#core.transport.follow(peers)
  }

  /** The rest of the group may not have heard yet that this node is out: it goes on a little. */
  #leave(group: HostedGroup, since: number): void {
    const { self, tick, settings, engine } = this.#core
    if (membersOf(group.replica).has(self)) {
      group.leavingAt = undefined
      return
    }
    if (tick - since < 2 * settings.group.electionTicks) return
    group.condition = 'removed'
    group.why = 'this node is not a member any more'
    group.out = undefined
    engine.close(group.id)
    this.#core.tell({ kind: 'removed', group: group.id })
    this.follow()
  }

  #lead(group: HostedGroup): void {
    const { engine, settings, tick } = this.#core
    const isQuiet = this.#isQuiet(group)
    group.quietTicks = isQuiet ? group.quietTicks + 1 : 0
    const { replica } = group
    if (replica === undefined) return
    const isSleepy = settings.quietTicks > 0 && group.quietTicks >= settings.quietTicks
    const isSpreading =
      settings.spreadTicks > 0 &&
      (isSleepy || group.leadingTicks % settings.spreadTicks === settings.spreadTicks - 1)
    if (!isSleepy && !isSpreading && replica.promoting.size === 0) return
    const status = engine.status(group.id)
    if (!status.ok || status.value.role !== 'leader') return
    this.#promote(group, status.value, tick)
    if (isSpreading && this.#spread(group, status.value)) return
    if (isSleepy && maySleep(status.value, (peer) => isAlive(this.#core, peer))) group.sleepDue = true
  }

  #isQuiet(group: HostedGroup): boolean {
    const { waiting, internal, reads, out, replica } = group
    const isIdle = waiting.size === 0 && internal.length === 0 && reads.length === 0 && out === undefined
    if (!isIdle || replica === undefined || replica.promoting.size > 0) return false
    if (openSizes(group).length > 0) return false
    return [...replica.outboxes.values()].every((outbox) => outbox.waiting.length === 0)
  }

  #promote(group: HostedGroup, status: GroupStatus, tick: number): void {
    const { replica, learnersSince } = group
    if (replica === undefined || replica.promoting.size === 0) return
    for (const id of replica.promoting.keys()) if (!learnersSince.has(id)) learnersSince.set(id, tick)
    const waited = (id: RaftId): number => tick - (learnersSince.get(id) ?? tick)
    const change = nextPromotion(replica.promoting, status, waited, this.#core.settings.learnerTicks)
    if (change !== undefined) this.#core.engine.proposeChange(group.id, change) // refused: tried again next tick
  }

  /**
   * Gives the group to the voter that should lead it. True: it is not to sleep yet, because asleep it would stay where
   * it is; but not forever, if that voter does not take it.
   */
  #spread(group: HostedGroup, status: GroupStatus): boolean {
    const { self, engine, settings } = this.#core
    const to = preferredLeader(group.id, status.membership.voters)
    if (to === undefined || to === self || !isAlive(this.#core, to)) return false
    if (!this.#deposed.mayLead(group.id, to)) return false
    const progress = status.progress.find(({ id }) => id === to)
    const isFit = progress?.active === true && progress.match >= status.commit
    if (isFit && status.transferee === undefined) engine.transferLeadership(group.id, to)
    return group.quietTicks < 2 * settings.quietTicks
  }
}
