import type { GroupId, LogIndex, RaftId, Term } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { Checkpoint, Note } from '../../ports/turn-store.ts'

/** All that one driver turn made stable, or what is left of several. Parts ascend by group, one a group. */
export interface TurnRow {
  readonly turn: Turn
  readonly parts: readonly RowPart[]
}

/**
 * Of one group; something is there. Rows are read in order of turns: the latest head, checkpoint and note of a kind
 * count, and of each index in the latest head's (floor, last] the latest entry. So a row can lose what later ones
 * replace without any change to what all say together.
 */
export interface RowPart {
  readonly group: GroupId
  /** What earlier rows say of the group is void; the rest of this part, if any, begins it anew. */
  readonly forget: boolean
  readonly head: GroupHead | undefined
  readonly checkpoint: RowCheckpoint | undefined
  /** Consecutive; may be none. */
  readonly entries: readonly Entry[]
  /** Ascending by kind, one a kind. */
  readonly notes: readonly Note[]
}

/** Hard state, and where the log begins and ends. */
export interface GroupHead {
  readonly term: Term
  readonly vote: RaftId | undefined
  readonly commit: LogIndex
  /** The log begins after it. */
  readonly floor: LogIndex
  readonly floorTerm: Term
  /** The floor when the log is empty. */
  readonly last: LogIndex
}

export interface RowCheckpoint extends Checkpoint {
  /** Under which the store keeps the parts of the state; 0 for a state that has none. */
  readonly stage: number
}
