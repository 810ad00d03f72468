import type { GroupId, RaftId } from '../model/raft.ts'

/**
 * Frames between the nodes of a network, each named by its raft id. Who sent a frame is known by the stream
 * that it came by, authenticated by whoever opened that. Nothing is promised of arrival, order or number; a frame
 * that arrives is whole. Source: consensus.md, "The raft host".
 */
export interface RaftTransport {
  /** False: nothing was taken, because there is no stream to that node or its queue is full. Keeps the bytes. */
  send(to: RaftId, frame: Uint8Array): boolean
  /** The nodes to be in touch with, this one not among them; streams to others are closed. Source: M7. */
  follow(peers: ReadonlySet<RaftId>): void
  /** The node sent what no honest one sends: its stream is closed and it is scored. */
  distrust(peer: RaftId, why: string): void
}

/** Whom a transport hands what it heard; called between turns. */
export interface RaftTransportListener {
  onFrame(from: RaftId, frame: Uint8Array): void
}

/** What the network knows of placement, beyond the applied memberships of the groups that a node hosts. */
export interface RaftDirectory {
  /**
   * Whether the node may speak in the group although the membership that is applied here does not name it: a
   * change that has not arrived yet. The system group orders changes, so it knows first.
   */
  isExpected(group: GroupId, peer: RaftId): boolean
  /** Nodes that may know the group's leader; for groups that are not hosted here. */
  replicas(group: GroupId): readonly RaftId[]
}

/** A bytes stream of one peer, authenticated already: what TCP and libp2p streams both are. */
export interface ByteStream {
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when the stream can take more. Keeps the bytes. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends at once; the reason is told to the other side if the stream can. May be called twice. */
  close(reason?: string): void
}
