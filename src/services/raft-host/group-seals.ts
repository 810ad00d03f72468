import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { Collecting } from '../../core/certificate/collect-shares.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'

/** Kind of the note of what a voter has signed of a group. */
export const SEAL_NOTE = 1

/** What a node knows of its group's certificates beyond the replicated state: lost in a crash, and made again. */
export interface GroupSeals {
  /** The newest one that was complete here. */
  certificate: Certificate | undefined
  /** On the leader: shares by size, as they come. */
  readonly collecting: Map<number, Collecting>
  /** On the leader: when the voters were last asked for a size. */
  readonly askedAt: Map<number, number>
  /** When the certificate of a size was last proposed as an entry. */
  readonly proposedAt: Map<number, number>
  /** Sizes that others want signed, and who asked. */
  readonly wanted: Map<number, Set<RaftId>>
  /** By other group: the newest config of this group that it says to know. */
  readonly known: Map<GroupId, ConfigVersion>
  /** By other group: the first of our answers that it has not been sent for want of a certificate. */
  readonly owed: Map<GroupId, number>
}

export function makeGroupSeals(): GroupSeals {
  return {
    certificate: undefined,
    collecting: new Map(),
    askedAt: new Map(),
    proposedAt: new Map(),
    wanted: new Map(),
    known: new Map(),
    owed: new Map(),
  }
}

/** The leader or its term changed: who leads now asks anew. What is certified stays so. */
export function forgetAsked({ collecting, askedAt, proposedAt, owed }: GroupSeals): void {
  collecting.clear()
  askedAt.clear()
  proposedAt.clear()
  owed.clear()
}
