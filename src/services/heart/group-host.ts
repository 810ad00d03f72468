import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Outcome, Ticket, Verdict } from '../../model/replicated.ts'

/** A group as the drivers of a node see it. */
export interface GroupSight {
  readonly role: string
  /** Undefined where nobody is known to lead. */
  readonly leader: RaftId | undefined
  /** Leaves that were applied here; undefined before anything is known. */
  readonly replica: { readonly position: number } | undefined
}

/** How a voter sees to it that leaders leave nothing out. Source: consensus.md, "Buckets". */
export interface LeaderOversight {
  /** Ticks of the host that this node has lived. */
  readonly ticks: number
  readonly electionTicks: number
  /** Which other node leads the group, in which term. */
  reign(group: GroupId): { readonly leader: RaftId; readonly term: number } | undefined
  /** The group's log has what is not applied here. */
  isBehind(group: GroupId): boolean
  /** What the group's log said to a command, by the key of its ticket, as it was applied here. */
  verdict(group: GroupId, key: Uint8Array): Verdict | undefined
  /** Stops to follow the leader, and stands for election. False: not now. */
  depose(group: GroupId): boolean
}

/**
 * What keeps the groups' states on a node: a raft host that takes part in deciding, or a follower's host that takes what
 * others decided and certified. Both drive the same machines.
 */
export interface GroupHost {
  group(group: GroupId): GroupSight | undefined
  /** The newest certificate that is known here. */
  certificate(group: GroupId): Certificate | undefined
  ticket(group: GroupId, key: Uint8Array): Ticket
  propose(
    group: GroupId,
    ticket: Ticket,
    body: Uint8Array,
    deadlineTicks: number,
    done: (outcome: Outcome) => void,
  ): void
  /** The state as it is here, as stale as it may be. */
  readStale(group: GroupId): { readonly state: unknown } | undefined
  /** Undefined on a node that takes no part in deciding. */
  readonly oversight?: LeaderOversight
}
