import type { FaultError } from '../model/fault.ts'
import type { GroupId, LogIndex, Term } from '../model/raft.ts'
import type { Turn } from '../model/turn.ts'
import type { Entry, HardState, Membership } from './consensus-group.ts'

/**
 * What a node's raft groups must not forget: one appended row a driver turn, and state checkpoints.
 * Source: architecture.md, "Batching"; consensus.md, "The raft host"; raft-host-catalogue S, B, N.
 *
 * A turn of the host:
 *
 *     commit(writes)      one row with all groups' entries, hard states, checkpoints and notes: all or nothing
 *       stable            now messages that rest on it may leave
 *       carried           only commit indexes changed: they ride in the next row, and a crash may lose them
 *       full              nothing was stored; the same writes, or others, may be tried again
 *       underway          where it may be late: `settled` is called later, in order, once
 *
 * Invariants, each asserted:
 * 1. Of a group, the latest row that has an index wins, within (floor, last]: writing an index drops all after it.
 * 2. Entries are consecutive and begin in (floor, last + 1]; a floor is never above the checkpoint.
 * 3. One commit is underway at a time; while it is, nothing else is written, and reads tell what is stable.
 *
 * Any failure but lack of room throws `FaultError` `store-io` (of `underway`: it is told to `settled`). What is on
 * disk is unknown then, so every later call throws the same fault: the process ends and starts again from what is
 * there. Reads throw `store-damaged` where bytes are not those that were written.
 */
export interface TurnStore {
  readonly origin: StoreOrigin

  /**
   * Writes a turn. What must be stable is seen from the writes, never told: entries, checkpoints, floors, notes,
   * forgotten groups, a changed term or vote. Nothing of that and no commit index: `carried`, and nothing to do.
   * `mayBeLate`: the caller takes `underway`, too.
   */
  commit(writes: TurnWrites, mayBeLate?: boolean): CommitOutcome
  /** Where a commit that was `underway` is told from now on; one listener. A store that never says so never calls. */
  onSettled(listener: (outcome: SettledOutcome) => void): void

  /** Groups that were ever written and not forgotten, ascending. */
  groups(): readonly GroupId[]
  /**
   * What is known of groups, in the order asked, with all entries of their logs: for a start, and for a group that
   * is opened again. Asserts that each is one of `groups()`. One pass over the rows for all of them.
   */
  readGroups(groups: readonly GroupId[]): readonly StoredReplica[]
  /**
   * Entries from `from` on, consecutive, up to about `bytesMax` of data and at least one: what a lagging follower
   * needs. Asserts that `from` lies in the log.
   */
  readEntries(group: GroupId, from: LogIndex, bytesMax: number): readonly Entry[]

  /**
   * Puts parts of states aside, stable when it returns `stored`: pieces of a checkpoint of our own that is being made,
   * or of a snapshot that is being received. The same part again replaces the first. `full`: none of the list.
   */
  stage(chunks: readonly StagedChunk[]): 'stored' | 'full'
  /** What is put aside for a group, complete or not, the checkpoint's own among it; by `at`, ascending. */
  staged(group: GroupId): readonly StagedState[]
  /** One part; undefined when there is none. Parts of the checkpoint, and of any other state that is put aside. */
  readChunk(group: GroupId, at: LogIndex, number: number): Uint8Array | undefined
  /**
   * Gives up a state that was put aside, or that of a former checkpoint: it stays readable until then, so that a
   * snapshot can be sent to its end. Asserts that it is not the checkpoint. Room comes with `trim`.
   */
  discard(group: GroupId, at: LogIndex): void

  /**
   * Deletes what nobody needs (rows, parts of states), oldest first, and copies together what is still needed of old
   * rows, so that they can go too. Bounded by its limits: call again while `more`. `full` changes nothing.
   */
  trim(limits: TrimLimits): TrimOutcome

  /** Room for more, as well as one can know: for refusing proposals in time. */
  room(): StoreRoom
  /**
   * After `origin.history` is `lost`: forgets all groups, and the node has a history again. Until then nothing can be
   * written. Faults `store-full` when even that has no room.
   */
  startOver(): void
  /** Writes what is carried, if it can, and gives the files back. Nothing may be called after it. */
  close(): void
}

/**
 * Whether the store is the one that this node last had. `lost`: something older, or nothing, is in its place (a
 * restored backup, a deleted file): whoever voted with it must not vote under the same raft id. Source: B5.
 */
export interface StoreOrigin {
  readonly history: 'new' | 'continued' | 'lost'
  /**
   * How often a store of this node was opened, this time included. A node tells it to the system group, which finds
   * what no file can: that all files were rolled back together.
   */
  readonly incarnation: number
  /** For people: what did not fit, and what to do. Empty unless `lost`. */
  readonly reason: string
}

/** All that one turn of all groups makes stable; at most one item a group, and ROW_BYTES_MAX in all. */
export interface TurnWrites {
  readonly groups: readonly GroupWrites[]
}

/** In this order: forget; checkpoint; floor; entries; hard state; notes. */
export interface GroupWrites {
  readonly group: GroupId
  /** The replica's log, checkpoint, states and notes are gone; whatever else is written begins a new one. */
  readonly forget?: boolean | undefined
  readonly checkpoint?: Checkpoint | undefined
  /** The log begins after this index from now on, which lies in the log and is not above the checkpoint's. */
  readonly floor?: LogIndex | undefined
  /** Consecutive. The first one's index and all after it are overwritten. */
  readonly entries?: readonly Entry[] | undefined
  /** Undefined: as it was. A new replica has one in its first writes. */
  readonly hardState?: HardState | undefined
  readonly notes?: readonly Note[] | undefined
}

/** State and applied index together. Its parts were staged at `applied`, numbered from 0. */
export interface Checkpoint {
  /**
   * `own`: of what this replica applied, the log stays. `snapshot`: comes from elsewhere (or founds the group): the
   * log is empty after it, and begins after `applied`.
   */
  readonly kind: 'own' | 'snapshot'
  readonly applied: LogIndex
  /** Of the entry at `applied`. */
  readonly term: Term
  /** In force at `applied`. */
  readonly membership: Membership
  /** Parts of the state, and their bytes in all; asserted to be there. */
  readonly chunks: number
  readonly bytes: number
  /** The host's own, at most CHECKPOINT_HEAD_BYTES_MAX: hash of the state, format, what else belongs to it. */
  readonly head: Uint8Array
}

/** Something small to remember for a group: the latest one of a kind counts. What a voter signed before it speaks. */
export interface Note {
  /** Integer in [0, 255]; what kinds there are is the host's. */
  readonly kind: number
  /** At most NOTE_BYTES_MAX. */
  readonly bytes: Uint8Array
}

export type CommitOutcome =
  | { readonly kind: 'stable'; readonly turn: Turn }
  | { readonly kind: 'carried' }
  | { readonly kind: 'full' }
  | { readonly kind: 'underway'; readonly turn: Turn }

export type SettledOutcome =
  | { readonly kind: 'stable'; readonly turn: Turn }
  | { readonly kind: 'full'; readonly turn: Turn }
  | { readonly kind: 'failed'; readonly turn: Turn; readonly fault: FaultError }

/** `damaged`: this group must not be started; `what` says what is wrong, `todo` what an operator can do. Source: B3. */
export type StoredReplica =
  | ({ readonly kind: 'sound' } & SoundReplica)
  | { readonly kind: 'damaged'; readonly group: GroupId; readonly what: string; readonly todo: string }

export interface SoundReplica {
  readonly group: GroupId
  readonly hardState: HardState
  /** Undefined: a replica that has not got its first state yet (`joinGroup`). */
  readonly checkpoint: Checkpoint | undefined
  /** The log begins after this index. */
  readonly floor: { readonly index: LogIndex; readonly term: Term }
  /** All after the floor, consecutive. */
  readonly entries: readonly Entry[]
  /** The latest of each kind, ascending by kind. */
  readonly notes: readonly Note[]
  /** Row that last named the group. */
  readonly turn: Turn
}

export interface StagedChunk {
  readonly group: GroupId
  /** Applied index of the state that this is a part of; not that of the group's checkpoint. */
  readonly at: LogIndex
  /** From 0 on. */
  readonly number: number
  /** 1 to CHUNK_BYTES_MAX. */
  readonly bytes: Uint8Array
}

export interface StagedState {
  readonly at: LogIndex
  /** Numbers of the parts that are there, ascending. */
  readonly numbers: readonly number[]
  readonly bytes: number
}

export interface TrimLimits {
  /** Rows and parts of states that one call looks at. */
  readonly rowsMax: number
  /** Bytes that it reads and writes; one row or part may go over. */
  readonly bytesMax: number
}

export type TrimOutcome =
  | {
      readonly kind: 'trimmed'
      /** Rows and parts that are gone. */
      readonly rows: number
      /** What they held, less what was written instead. */
      readonly bytes: number
      /** There may be more to do now. */
      readonly more: boolean
    }
  | { readonly kind: 'full' }

export interface StoreRoom {
  /** Bytes of all files of the store. */
  readonly usedBytes: number
  /** Bytes that may still be written before `full`; what others write to the disk counts against it. */
  readonly freeBytes: number
}
