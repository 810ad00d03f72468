import { GROUP_SETTINGS, type GroupSettings } from '../../ports/consensus-group.ts'

/** Limits of one node's raft host. Ticks are of 100 ms unless the shell ticks otherwise. */
export interface HostSettings {
  readonly group: Omit<GroupSettings, 'id'>
  /** What one turn takes in and hands out. Source: architecture.md, "A turn is one synchronous function". */
  readonly turnBytesMax: number
  readonly turnGroupsMax: number
  readonly turnMs: number
  /** Items applied in one turn, of all groups. */
  readonly turnItemsMax: number
  readonly inboxFramesMax: number
  readonly inboxBytesMax: number
  /** Commands of one group that wait for their outcome. */
  readonly waitingMax: number
  readonly waitingBytesMax: number
  readonly commandBytesMax: number
  /** Bytes of commands that go into one entry, one command may exceed it. */
  readonly entryBytesTarget: number
  /** Frames to a peer in one turn are split at about this size. */
  readonly frameBytesTarget: number
  /** Below so many free bytes of the store proposals are refused. */
  readonly reserveBytes: number
  /** A proposal without a known leader is refused after so long. */
  readonly noLeaderTicks: number
  /** A forwarded proposal without an answer is sent again after so long. */
  readonly retryTicks: number
  readonly hopsMax: number
  readonly readRetryTicks: number
  readonly readsMax: number
  /** A state checkpoint is made after so many applied entries. */
  readonly checkpointEntries: number
  /** Or after as many bytes of them as the last one has, within these bounds. The least is of all groups together. */
  readonly checkpointBytesMin: number
  readonly checkpointBytesMax: number
  /** Entries below the checkpoint that are kept for followers that come back soon. */
  readonly tailEntries: number
  /** All replicas compare their state hashes at indexes that are multiples of this. */
  readonly hashEvery: number
  readonly aliveTicks: number
  readonly peerLostTicks: number
  /** Ticks without anything to do before a leader puts its group to sleep; 0: never. */
  readonly quietTicks: number
  readonly chunkRetryTicks: number
  readonly snapshotLostTicks: number
  readonly effectRetryTicks: number
  /** A term further ahead than this is not believed. */
  readonly termJumpMax: number
  /** A learner that has not caught up after so long is dropped. */
  readonly learnerTicks: number
  /** How often leaders are moved to the voter that should lead; 0: never. */
  readonly spreadTicks: number
  /** What outcomes of all groups may take in memory, about. */
  readonly outcomeBytesMax: number
  /** Positions of a group whose outcomes are remembered however short memory is. */
  readonly outcomesKept: number
  /** Panics of one group that are answered by opening it again, until it is halted. */
  readonly rebuildsMax: number
}

/** Defaults of version 1. */
export const HOST_SETTINGS: HostSettings = {
  group: { ...GROUP_SETTINGS, committedBytesMax: 262_144 },
  turnBytesMax: 262_144,
  turnGroupsMax: 512,
  turnMs: 4,
  turnItemsMax: 8192,
  inboxFramesMax: 4096,
  inboxBytesMax: 67_108_864,
  waitingMax: 4096,
  waitingBytesMax: 16_777_216,
  commandBytesMax: 1_048_576,
  entryBytesTarget: 131_072,
  frameBytesTarget: 1_048_576,
  reserveBytes: 67_108_864,
  noLeaderTicks: 30,
  retryTicks: 10,
  hopsMax: 3,
  readRetryTicks: 10,
  readsMax: 4096,
  checkpointEntries: 4096,
  checkpointBytesMin: 16_777_216,
  checkpointBytesMax: 16_777_216,
  tailEntries: 1024,
  hashEvery: 64,
  aliveTicks: 5,
  peerLostTicks: 15,
  quietTicks: 20,
  chunkRetryTicks: 10,
  snapshotLostTicks: 100,
  effectRetryTicks: 10,
  termJumpMax: 100_000,
  learnerTicks: 3000,
  spreadTicks: 50,
  outcomeBytesMax: 67_108_864,
  outcomesKept: 1024,
  rebuildsMax: 5,
}
