import type { GroupId, LogIndex, RaftId, Term } from '../../model/raft.ts'
import type { EffectBatch, Verdict } from '../../model/replicated.ts'
import type { Membership } from '../../ports/consensus-group.ts'
import type { SealedLog } from '../certificate/sealed-log.ts'
import type { Outcomes } from './outcomes.ts'

/**
 * All that applied entries make of a group on one node; its checkpoint is this. The driver owns it and alone
 * changes it, by `writeReplica`. The maps are in order of insertion, which is order of application.
 */
export interface Replica {
  readonly group: GroupId
  readonly generation: number
  /** Commands, effects and answers applied, and changes of voters where groups have certificates: leaves of the tree. */
  position: number
  applied: LogIndex
  /** Of the entry at `applied`. */
  appliedTerm: Term
  membership: Membership
  /** The state machine's. */
  state: unknown
  /** Commands whose outcome is remembered. */
  readonly settled: Outcomes
  /** By target group. */
  readonly outboxes: Map<GroupId, Outbox>
  /** By source group. */
  readonly inboxes: Map<GroupId, Inbox>
  /** Learners that are to become voters once they have caught up, and at which index they were added. */
  readonly promoting: Map<RaftId, LogIndex>
  /** Where the network has certificates. */
  readonly sealed: SealedLog | undefined
}

/** Effects for one group. Numbers begin at 1; those up to `answered` are over. */
export interface Outbox {
  answered: number
  /** Bodies of `answered + 1` and on. */
  readonly waiting: Uint8Array[]
}

/** Effects of one group. Those up to `received` are applied; answers that it may not have yet are kept. */
export interface Inbox {
  received: number
  /** Number of the first of `answers`. */
  first: number
  readonly answers: Verdict[]
}

/** Effects that one batch may hold, and answers that are kept for one group: a source has no more underway. */
export const EFFECTS_UNDERWAY_MAX = 256

/** Effects for a group, from a number on that is not answered yet, oldest first; undefined when there are none. */
export function effectBatch(
  replica: Replica,
  target: GroupId,
  { first, most, bytesMax }: { readonly first: number; readonly most: number; readonly bytesMax: number },
): EffectBatch | undefined {
  const outbox = replica.outboxes.get(target)
  if (outbox === undefined || most <= 0) return undefined
  const skip = first - outbox.answered - 1
  const bodies: Uint8Array[] = []
  let bytes = 0
  for (let at = skip; at < outbox.waiting.length && bodies.length < most; at++) {
    const body = outbox.waiting[at] as Uint8Array
    bytes += body.length
    if (bodies.length > 0 && bytes > bytesMax) break
    bodies.push(body)
  }
  if (bodies.length === 0) return undefined
  return {
    source: replica.group,
    target,
    generation: replica.generation,
    first,
    bodies,
    answered: outbox.answered,
    proof: new Uint8Array(0),
  }
}
