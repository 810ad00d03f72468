import type { GroupId, RaftId } from '../../model/raft.ts'
import type { MessageType } from '../../ports/consensus-engine.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'

/** All in election timeouts. How long one who was deposed is not followed: at first, and when it is deposed again. */
const UNFOLLOWED = 3
const UNFOLLOWED_AGAIN = 15
/** Between two depositions in one group; twice the longest, so that voters who begin apart meet in the end. */
const APART = 30
/** How long this node gives the group to somebody else. */
const PASSED_OVER = 100
/** With nobody to lead for so long, one who was deposed is better than none. */
const LEADERLESS = 3

/** What only a leader says, or who wants to be one. All else of it passes: it may follow the next one. */
const FROM_LEADERS: ReadonlySet<MessageType> = new Set<MessageType>([
  'append',
  'heartbeat',
  'snapshot',
  'timeout-now',
  'read-index-response',
  'vote',
  'pre-vote',
])

interface Deposed {
  readonly at: number
  /** Of its leadership. */
  readonly term: number
  readonly unfollowedTicks: number
}

/**
 * Leaders that this voter stopped to follow. It lets in nothing that they say as leaders, for a while, and stands for election:
 * others refuse it their vote as long as they follow, so that only a majority deposes (PreVote, CheckQuorum), and one that is alone
 * with it follows again soon. Raft stands the loss of any message. Later on, while somebody else leads, they get neither this
 * node's vote nor its groups. Source: consensus.md, "Buckets"; Raft thesis, 4.2.3 and 9.6.
 */
export class DeposedLeaders {
  readonly #core: HostCore
  readonly #groups = new Map<GroupId, Map<RaftId, Deposed>>()

  constructor(core: HostCore) {
    this.#core = core
  }

  /** False: there is nobody to depose here, or this node did so lately. */
  depose(id: GroupId): boolean {
    const { groups, self, engine, tick, tell } = this.#core
    const group = groups.get(id)
    const leader = group?.leader
    if (group === undefined || leader === undefined || leader === self || !this.#mayDepose(group))
      return false
    if (!engine.forgetLeader(id).ok) return false
    const deposed = this.#groups.get(id) ?? new Map<RaftId, Deposed>()
    const isAgain = !this.mayLead(id, leader)
    const unfollowedTicks = this.#ticks(isAgain ? UNFOLLOWED_AGAIN : UNFOLLOWED)
    this.#groups.set(id, deposed)
    deposed.set(leader, { at: tick, term: group.hard.term, unfollowedTicks })
    wake(this.#core, group)
    tell({ kind: 'deposed', group: id, leader })
    engine.campaign(id) // refused or lost: the engine stands again by itself
    return true
  }

  /**
   * Whether a message is to be dropped before the engine sees it. Where nobody leads for long, who was deposed may be voted for, and
   * once elected again it is followed: one voter must not keep a group standing that cannot do without it.
   */
  isIgnored(
    group: HostedGroup,
    from: RaftId,
    { type, term }: { readonly type: MessageType; readonly term: number },
  ): boolean {
    const deposed = this.#groups.get(group.id)?.get(from)
    if (deposed === undefined || !FROM_LEADERS.has(type)) return false
    const isUnfollowed = this.#core.tick - deposed.at < deposed.unfollowedTicks
    if (type !== 'vote' && type !== 'pre-vote') return isUnfollowed && term <= deposed.term
    return (isUnfollowed || !this.mayLead(group.id, from)) && !this.#isLeaderless(group, from)
  }

  /** Whether this node would give the group to that peer. */
  mayLead(group: GroupId, peer: RaftId): boolean {
    const deposed = this.#groups.get(group)?.get(peer)
    return deposed === undefined || this.#core.tick - deposed.at >= this.#ticks(PASSED_OVER)
  }

  #mayDepose({ id, replica, condition, receiving }: HostedGroup): boolean {
    const { self, stopping, tick } = this.#core
    const isVoter = replica?.membership.voters.includes(self) === true
    if (!isVoter || stopping || condition !== 'running') return false
    const deposed = [...(this.#groups.get(id)?.values() ?? [])]
    // While a snapshot is received the group does not campaign (raft-host-catalogue N6).
    return receiving === undefined && deposed.every(({ at }) => tick - at >= this.#ticks(APART))
  }

  #isLeaderless({ leader, leaderlessTicks }: HostedGroup, but: RaftId): boolean {
    return (leader === undefined || leader === but) && leaderlessTicks > this.#ticks(LEADERLESS)
  }

  #ticks(electionTimeouts: number): number {
    return electionTimeouts * this.#core.settings.group.electionTicks
  }
}
