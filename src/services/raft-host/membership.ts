import type { LogIndex, RaftId } from '../../model/raft.ts'
import type { GroupStatus, MembershipChange } from '../../ports/consensus-engine.ts'

const PROMOTE = 1

/** Adds a node as a learner that becomes a voter once it has caught up (M4). */
export function addLearnerThenVoter(id: RaftId): MembershipChange {
  return { transition: 'auto', parts: [{ kind: 'add-learner', id }], context: Uint8Array.of(PROMOTE) }
}

/** Whether a change said that its learner is to become a voter. */
export function isPromotion(context: Uint8Array): boolean {
  return context.length === 1 && context[0] === PROMOTE
}

/** Any other change, with nothing carried along. Several parts make it joint. */
export function plainChange(...parts: MembershipChange['parts']): MembershipChange {
  return { transition: 'auto', parts, context: new Uint8Array(0) }
}

/**
 * What a leader does next about learners that are to become voters: promote one that has caught up, drop one that
 * did not within its time, or nothing. `waited`: ticks since this leader first saw each.
 */
export function nextPromotion(
  promoting: ReadonlyMap<RaftId, LogIndex>,
  status: GroupStatus,
  waited: (id: RaftId) => number,
  ticksMax: number,
): MembershipChange | undefined {
  if (status.role !== 'leader' || status.membership.outgoing.length > 0) return undefined
  for (const id of promoting.keys()) {
    const progress = status.progress.find((member) => member.id === id)
    const isCaughtUp = progress?.state === 'replicate' && progress.match >= status.commit
    if (isCaughtUp && progress.active) return plainChange({ kind: 'add-voter', id })
    if (waited(id) > ticksMax) return plainChange({ kind: 'remove', id })
  }
  return undefined
}

/** To whom leadership should go: the voter that has most of the log, of those that are heard of. */
export function bestSuccessor(status: GroupStatus, self: RaftId): RaftId | undefined {
  const { progress, membership } = status
  const fit = progress.filter(
    ({ id, active, learner, state }) =>
      id !== self && active && !learner && state === 'replicate' && membership.voters.includes(id),
  )
  return fit.toSorted((a, b) => b.match - a.match || a.id - b.id)[0]?.id
}

/**
 * Which voter should lead a group: they take turns by the group's number, so that leaders of many groups on the same
 * voters are even to one, whoever computes it, and nothing goes back and forth. Source: raft-host-catalogue T3.
 */
export function preferredLeader(group: number, voters: readonly RaftId[]): RaftId | undefined {
  return voters.toSorted((a, b) => a - b)[group % voters.length]
}
