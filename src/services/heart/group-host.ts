import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'

/** A group as the drivers of a node see it. */
export interface GroupSight {
  readonly role: string
  /** Undefined where nobody is known to lead. */
  readonly leader: RaftId | undefined
  /** Leaves that were applied here; undefined before anything is known. */
  readonly replica: { readonly position: number } | undefined
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
}
