import type { GroupId, LogIndex, RaftId, Term } from '../model/raft.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import type { Entry, GroupSettings, HardState, Membership, Snapshot, StoredGroup } from './consensus-group.ts'

/**
 * Raft for many groups, as a pure state machine: no clock, no disk, no network. The host drives it and does
 * the rest. All calls are synchronous; the same seed and the same calls give the same bytes.
 * Source: consensus.md, "The engine"; etcd-raft's own contract with its host.
 *
 * A turn of the host:
 *
 *     tickMany, stepMany, proposeMany, …      inputs
 *     readyMany                               what must be written, sent and applied
 *       write hard states, snapshots, entries of all of them; sync those with `mustSync`
 *       send messages (those with `waits` only now, the others may have left before the write was stable)
 *       apply `committed`, judging every membership change in it (applyChange or passOverChange)
 *     advanceMany                             all of the above is done
 *
 * Invariants, each checked by the engine:
 * 1. A group's ready is out once: readyMany leaves the group out until its advance.
 * 2. advance comes after a ready, and after every membership change in it was judged, in order.
 * 3. Nothing above the applied index is compacted.
 * Breaking one is a defect of the host and throws `DefectError`; nothing of the group was changed.
 *
 * A panic inside a group is that group's failure: it holds nothing any more and every call answers `failed`
 * until it is opened again from what is stored. The other groups do not notice.
 * Faults `engine-died` when the whole instance ended (out of memory): every later call throws it again.
 */
export interface ConsensusEngine {
  /**
   * Makes a replica from stored state, or a new one (`foundGroup`, `joinGroup`). Refuses `bad-settings`;
   * `bad-state` naming what cannot be: a commit outside of the log, a gap, terms that fall or exceed the
   * hard state's, a membership that no changes lead to. A group that failed is replaced; one that is open
   * is a defect.
   */
  open(group: GroupId, settings: GroupSettings, stored: StoredGroup): Result<undefined, Refusal>
  /** Forgets the replica and all it holds. Closing what is not open does nothing. */
  close(group: GroupId): void

  /** One tick for each group named; the others cost nothing, which is how a group hibernates. */
  tickMany(groups: readonly GroupId[]): readonly Refused[]
  /**
   * Messages of other replicas, in order. Refuses, changing nothing, what no replica sends: `malformed`,
   * `head-mismatch`, `wrong-recipient`, `not-allowed`, `too-large`, an answer of an `unknown-peer`; `busy`
   * for a snapshot while the group's ready is out. It does not judge whether a well-formed message is true:
   * the host compares `MessageHead` with what it knows before it lets one in.
   */
  stepMany(messages: readonly GroupMessage[]): readonly Refused[]
  /**
   * Appends commands on the leader, one entry each, none empty; they appear in the next ready's entries in
   * this order. Refuses `no-leader`, `not-leader`, `transferring`, `not-member`, `uncommitted-full`,
   * `too-large`. Accepted is not committed: another leader may overwrite it.
   */
  proposeMany(proposals: readonly Proposal[]): readonly Refused[]
  /**
   * Appends a membership change on the leader. Refuses as proposeMany, and `conf-invalid` (adding who is
   * there, removing who is not, no voter left, a replica named twice), `conf-pending` (another one is or
   * may be in the log unapplied), `conf-joint`, `conf-not-joint`. A joint membership with autoLeave is left
   * by the engine itself, any other by an empty change.
   */
  proposeChange(group: GroupId, change: MembershipChange): Result<undefined, Refusal>
  /** Starts to hand leadership to another voter; until it ends, proposals are refused `transferring`. */
  transferLeadership(group: GroupId, to: RaftId): Result<undefined, Refusal>
  /**
   * Asks for an index that a linearizable read must wait for; it comes as `reads` of a later ready, with
   * this context (1 to 256 bytes), or never: the host has a deadline and asks again. On any replica.
   */
  readIndex(group: GroupId, context: Uint8Array): Result<undefined, Refusal>
  /** Stands for election at once, by PreVote if the settings say so. */
  campaign(group: GroupId): Result<undefined, Refusal>
  /** A follower stops following its leader, so that it may vote for and be voted by others. */
  forgetLeader(group: GroupId): Result<undefined, Refusal>

  /** What groups have to write, send and apply, oldest first, within limits. Afterwards each is out. */
  readyMany(limits: ReadyLimits): ReadyBatch
  /** Applies the next membership change of the ready that is out. The same on every replica. */
  applyChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal>
  /** Passes over the next membership change of the ready that is out: its entry changes nothing. */
  passOverChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal>
  /** What was ready is stable, sent and applied. */
  advanceMany(groups: readonly GroupId[]): readonly Refused[]

  /**
   * Older entries that `GroupWants` asked for, consecutive, as stored. They are kept a while for followers
   * that lag. Refuses `compacted`, `not-in-log` (in memory already, or not what the log has), `too-large`.
   */
  supplyEntries(group: GroupId, entries: readonly Entry[]): Result<undefined, Refusal>
  /**
   * The snapshot that followers get whom no entries can help: a state checkpoint of this node, with the
   * membership at its index. Held until a newer one or until it is compacted away. Refuses `compacted`,
   * `not-in-log`, `conf-invalid`, `too-large`; beyond the applied index is a defect.
   */
  offerSnapshot(group: GroupId, snapshot: Snapshot): Result<undefined, Refusal>
  /** The store has dropped the log at and below `index`, which is at most the applied index. */
  compact(group: GroupId, index: LogIndex): Result<undefined, Refusal>
  /** Messages to a member got lost: the leader goes back to probing it. */
  reportUnreachable(group: GroupId, peer: RaftId): Result<undefined, Refusal>
  /** How sending a snapshot ended. Without this report, or an answer of the peer, it gets nothing more. */
  reportSnapshot(group: GroupId, peer: RaftId, delivered: boolean): Result<undefined, Refusal>

  status(group: GroupId): Result<GroupStatus, Refusal>
  /** Reads the head of a message of another node without letting it in. Rejects MALFORMED. */
  peekMessage(bytes: Uint8Array): Result<MessageHead, Rejection>
  /** Bytes of memory that the engine has taken. They are reused, never given back. */
  memoryBytes(): number
}

/** Why the engine did not do something; `detail` is for people. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly detail: string
}

export type RefusalReason =
  | 'malformed'
  | 'unknown-group'
  | 'failed'
  | 'bad-settings'
  | 'bad-state'
  | 'not-allowed'
  | 'head-mismatch'
  | 'wrong-recipient'
  | 'unknown-peer'
  | 'too-large'
  | 'busy'
  | 'not-leader'
  | 'no-leader'
  | 'transferring'
  | 'not-member'
  | 'uncommitted-full'
  | 'conf-pending'
  | 'conf-joint'
  | 'conf-not-joint'
  | 'conf-invalid'
  | 'compacted'
  | 'not-in-log'

/** One item of a list that was refused; those not named were done. */
export interface Refused extends Refusal {
  /** Its place in the list that was given. */
  readonly at: number
}

export interface GroupMessage {
  readonly group: GroupId
  readonly bytes: Uint8Array
}

export interface Proposal {
  readonly group: GroupId
  readonly commands: readonly Uint8Array[]
}

/** Several parts, or a transition other than `auto`, make a joint change; no part leaves a joint one. */
export interface MembershipChange {
  /** `auto` and `joint-implicit` are left by the engine, `joint-explicit` by an empty change. */
  readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit'
  readonly parts: readonly ChangePart[]
  /** The host's own, carried along. */
  readonly context: Uint8Array
}

export interface ChangePart {
  /** `update` changes nothing in the engine and is never proposed here. */
  readonly kind: 'add-voter' | 'remove' | 'update' | 'add-learner'
  readonly id: RaftId
}

export interface JudgedChange {
  /** False: passed over, by the host or because this membership cannot take it; `why` says. */
  readonly applied: boolean
  /** In force from here on; part of the next checkpoint. */
  readonly membership: Membership
  readonly why: string
}

/** Soft limits: the last group taken may go over the bytes. */
export interface ReadyLimits {
  readonly bytesMax: number
  readonly groupsMax: number
}

export interface ReadyBatch {
  readonly ready: readonly GroupReady[]
  readonly wants: readonly GroupWants[]
  /** Groups that panicked while this was collected. */
  readonly failed: readonly { readonly group: GroupId; readonly detail: string }[]
}

export interface GroupReady {
  readonly group: GroupId
  /** Undefined: as it was. */
  readonly hardState: HardState | undefined
  /** False: only the commit index changed, or nothing; written, not necessarily synced. */
  readonly mustSync: boolean
  /** Undefined: as it was. */
  readonly softState: SoftState | undefined
  /** To install before the entries: the state machine's, and the new floor of the log. */
  readonly snapshot: Snapshot | undefined
  /** To write. The first one's index and all after it are overwritten. */
  readonly entries: readonly Entry[]
  readonly messages: readonly OutgoingMessage[]
  /** To apply, in order. */
  readonly committed: readonly CommittedEntry[]
  readonly reads: readonly ReadState[]
}

export interface SoftState {
  readonly role: RaftRole
  readonly leader: RaftId | undefined
}

export type RaftRole = 'follower' | 'candidate' | 'leader' | 'pre-candidate'

export interface OutgoingMessage {
  readonly head: MessageHead
  /** What `stepMany` of the recipient takes. */
  readonly bytes: Uint8Array
  /** It promises what this ready writes: it leaves when that is stable. The others may leave before. */
  readonly waits: boolean
}

/** What a host can judge of a message. Of a message from elsewhere: claims, until stepMany took it. */
export interface MessageHead {
  readonly type: MessageType
  readonly to: RaftId
  readonly from: RaftId
  /** 0 for read-index and propose, which have none. */
  readonly term: Term
  /** The log position that it speaks of, and its term; a snapshot's own for `snapshot`. */
  readonly index: LogIndex
  readonly logTerm: Term
  readonly commit: LogIndex
  readonly reject: boolean
  readonly entries: number
  /** Length of the whole message. */
  readonly bytes: number
}

export type MessageType =
  | 'propose'
  | 'append'
  | 'append-response'
  | 'vote'
  | 'vote-response'
  | 'snapshot'
  | 'heartbeat'
  | 'heartbeat-response'
  | 'timeout-now'
  | 'read-index'
  | 'read-index-response'
  | 'pre-vote'
  | 'pre-vote-response'

/** `empty` is a new leader's own: applied as nothing, it still moves the applied index. */
export type CommittedEntry =
  | { readonly kind: 'command'; readonly index: LogIndex; readonly term: Term; readonly data: Uint8Array }
  | { readonly kind: 'empty'; readonly index: LogIndex; readonly term: Term }
  | {
      readonly kind: 'change'
      readonly index: LogIndex
      readonly term: Term
      readonly change: MembershipChange
    }

/** A read with this context may be served once `index` is applied. */
export interface ReadState {
  readonly index: LogIndex
  readonly context: Uint8Array
}

/** What the engine could not send to a follower that lags; told again at each heartbeat it answers. */
export interface GroupWants {
  readonly group: GroupId
  /** Older entries from these indexes on: `supplyEntries`. */
  readonly entriesFrom: readonly LogIndex[]
  /** A follower needs what is below the floor: `offerSnapshot`. */
  readonly snapshot: boolean
}

export interface GroupStatus {
  readonly role: RaftRole
  readonly leader: RaftId | undefined
  readonly term: Term
  readonly vote: RaftId | undefined
  readonly commit: LogIndex
  readonly applied: LogIndex
  readonly transferee: RaftId | undefined
  /** A ready waits for its advance. */
  readonly isOut: boolean
  /** The log begins after `floor`, is in memory after `memoryFloor`, and is stable up to `last`. */
  readonly floor: LogIndex
  readonly memoryFloor: LogIndex
  readonly last: LogIndex
  readonly tailBytes: number
  readonly membership: Membership
  /** On the leader: of every member, itself too. Else empty. */
  readonly progress: readonly MemberProgress[]
}

export interface MemberProgress {
  readonly id: RaftId
  readonly learner: boolean
  /** Heard of within the last election timeout. */
  readonly active: boolean
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly match: LogIndex
  readonly next: LogIndex
  /** The index of the snapshot that is on its way to it. */
  readonly pendingSnapshot: LogIndex | undefined
  readonly inflightMessages: number
}
