import { assertLogIndex, assertTerm, type LogIndex, type RaftId, type Term } from '../model/raft.ts'

/** Ticks are the host's; bytes are of entries' data or of messages. All replicas of a group have the same. */
export interface GroupSettings {
  /** This replica. */
  readonly id: RaftId
  /** Without a word of the leader for this long, to twice as long, a follower campaigns. */
  readonly electionTicks: number
  readonly heartbeatTicks: number
  /** Asks before campaigning, so that a node that comes back does not depose a good leader. */
  readonly preVote: boolean
  /** A leader that hears no majority for an election timeout steps down. */
  readonly checkQuorum: boolean
  /** A leader that was removed or demoted steps down once that is applied. */
  readonly stepDownOnRemoval: boolean
  /** Whether a follower passes proposals on to the leader, and a leader takes them from followers. */
  readonly forwardProposals: boolean
  /** Entries of one message; a single larger entry still goes. */
  readonly messageBytesMax: number
  /** Committed entries of one ready. */
  readonly committedBytesMax: number
  /** Proposed and not yet committed, on the leader. */
  readonly uncommittedBytesMax: number
  readonly entryBytesMax: number
  /** Appends to one follower that are not acknowledged. */
  readonly inflightMessagesMax: number
  readonly inflightBytesMax: number
  /** Applied entries kept in memory for followers; the store has the others. */
  readonly tailEntriesMax: number
  readonly tailBytesMax: number
  /** What the engine writes to its log. A panic is always told. */
  readonly log: 'nothing' | 'errors' | 'warnings' | 'info' | 'debug'
}

/** Settings for ticks of 100 ms. Proposals are not forwarded: the host forwards commands, with their ids. */
export const GROUP_SETTINGS: Omit<GroupSettings, 'id'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  stepDownOnRemoval: true,
  forwardProposals: false,
  messageBytesMax: 1_048_576,
  committedBytesMax: 1_048_576,
  uncommittedBytesMax: 16_777_216,
  entryBytesMax: 4_194_304,
  inflightMessagesMax: 256,
  inflightBytesMax: 16_777_216,
  tailEntriesMax: 1024,
  tailBytesMax: 262_144,
  log: 'warnings',
}

/** Who decides. Outgoing voters are there while a change is joint: then both sets must agree. */
export interface Membership {
  readonly voters: readonly RaftId[]
  readonly learners: readonly RaftId[]
  readonly outgoing: readonly RaftId[]
  /** Outgoing voters that become learners when the joint membership is left. */
  readonly learnersNext: readonly RaftId[]
  /** The engine leaves the joint membership by itself. */
  readonly autoLeave: boolean
}

/** What must be stable before any message that rests on it leaves. */
export interface HardState {
  readonly term: Term
  readonly vote: RaftId | undefined
  readonly commit: LogIndex
}

/** An entry as it is stored: what `kind` and `data` mean is the engine's affair. */
export interface Entry {
  readonly index: LogIndex
  readonly term: Term
  /** 0 a command or an empty entry, 1 or 2 a membership change. */
  readonly kind: number
  readonly data: Uint8Array
}

export interface StoredGroup {
  readonly hardState: HardState
  /** Up to here the state machine's checkpoint has it; entries after it are given out again. */
  readonly applied: LogIndex
  /** The membership at the applied index. */
  readonly membership: Membership
  /** The log begins after this index: a snapshot's, or where the store was compacted. */
  readonly floor: { readonly index: LogIndex; readonly term: Term }
  /** All entries after the floor, consecutive; at most 64 MiB in all. */
  readonly entries: readonly Entry[]
}

export interface Snapshot {
  readonly index: LogIndex
  readonly term: Term
  readonly membership: Membership
  /** What the host needs to fetch it: at most 64 KiB. */
  readonly data: Uint8Array
}

/** The first index of every group's log: nobody's empty log matches at it, so a stranger takes a snapshot. */
const FIRST_INDEX = assertLogIndex(1)
const FIRST_TERM = assertTerm(1)

/**
 * A new group with these voters, the same on each of them: its membership sits in a snapshot at index 1, term 1.
 */
export function foundGroup(voters: readonly RaftId[]): StoredGroup {
  return {
    hardState: { term: FIRST_TERM, vote: undefined, commit: FIRST_INDEX },
    applied: FIRST_INDEX,
    membership: { voters, learners: [], outgoing: [], learnersNext: [], autoLeave: false },
    floor: { index: FIRST_INDEX, term: FIRST_TERM },
    entries: [],
  }
}

/** A replica that was added to a group elsewhere: it knows nothing and gets a snapshot first. */
export function joinGroup(): StoredGroup {
  return {
    hardState: { term: assertTerm(0), vote: undefined, commit: assertLogIndex(0) },
    applied: assertLogIndex(0),
    membership: { voters: [], learners: [], outgoing: [], learnersNext: [], autoLeave: false },
    floor: { index: assertLogIndex(0), term: assertTerm(0) },
    entries: [],
  }
}
