import type { LogIndex, RaftId, Term } from '../../model/raft.ts'
import type { GroupStatus } from '../../ports/consensus-engine.ts'

/**
 * Whether a leader may put its group to sleep: every member has all of it and is alive, and nothing is underway.
 * Source: raft-host-catalogue G2; CockroachDB's quiescence has the same conditions.
 */
export function maySleep(status: GroupStatus, isAlive: (peer: RaftId) => boolean): boolean {
  const { role, progress, membership, last, commit, applied, transferee, isOut } = status
  if (role !== 'leader' || transferee !== undefined || isOut) return false
  if (commit !== last || applied !== last || membership.outgoing.length > 0) return false
  return progress.every(({ id, match, state }) => match === last && state !== 'snapshot' && isAlive(id))
}

/** Whether a follower may sleep when its leader says so: only if it has exactly what the leader has. */
export function maySleepToo(
  mine: {
    readonly term: Term
    readonly last: LogIndex
    readonly commit: LogIndex
    readonly applied: LogIndex
    readonly leader: RaftId | undefined
  },
  said: { readonly from: RaftId; readonly term: Term; readonly index: LogIndex },
): boolean {
  return (
    mine.leader === said.from &&
    mine.term === said.term &&
    mine.last === said.index &&
    mine.commit === said.index &&
    mine.applied === said.index
  )
}
