/** What the mesh grants the node itself and strangers. Reasons stand in docs/network.md, "Limits". */
export interface MeshLimits {
  /** Connections in all; one more closes the least worthy. Source: network.md, "Connections". */
  readonly connectionsMax: number
  /** Peers that are kept by dialling, if so many are known. */
  readonly peersTarget: number
  /** Above so many peers the least worthy are let go, down to the target. Protected ones are not counted. */
  readonly peersMax: number
  readonly connectionsPerPeerMax: number
  /** Connections that have not finished their handshake, of all together: more than one address can have open in that time. */
  readonly halfOpenMax: number
  /** New connections of one IP address a second. */
  readonly inboundPerSecondMax: number
  readonly dialTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** From a stream's start until its protocol is agreed. */
  readonly negotiationTimeoutMs: number
  /** Streams that one connection may have open towards this node, of all protocols. */
  readonly streamsPerConnectionMax: number
  /** New streams of one connection a second; more ends the connection. */
  readonly newStreamsPerSecondMax: number
  /** Bytes of one-way messages that wait for one peer, per protocol. */
  readonly sendQueueBytesMax: number
  /** Gossip of one peer: frames, bytes and messages a second; the burst is two seconds' worth. */
  readonly gossipFramesPerSecondMax: number
  readonly gossipBytesPerSecondMax: number
  readonly gossipMessagesPerSecondMax: number
  /** Messages of one peer, and of all, whose judge has not answered yet. */
  readonly judgedPerPeerMax: number
  readonly judgedMax: number
  readonly judgedBytesMax: number
  /** How often peers are dialled, let go and pinged. */
  readonly keepMs: number
  readonly pingMs: number
  readonly pingTimeoutMs: number
  /** Peers of one IP address above which gossip thinks less of each; loopback is not counted. */
  readonly peersPerAddressMax: number
}

export const MESH_LIMITS: MeshLimits = {
  connectionsMax: 100,
  peersTarget: 24,
  peersMax: 64,
  connectionsPerPeerMax: 4,
  halfOpenMax: 1024,
  inboundPerSecondMax: 64,
  dialTimeoutMs: 30_000,
  handshakeTimeoutMs: 10_000,
  negotiationTimeoutMs: 10_000,
  streamsPerConnectionMax: 64,
  newStreamsPerSecondMax: 2000,
  sendQueueBytesMax: 16_777_216,
  gossipFramesPerSecondMax: 4000,
  gossipBytesPerSecondMax: 33_554_432,
  gossipMessagesPerSecondMax: 4000,
  judgedPerPeerMax: 512,
  judgedMax: 2048,
  judgedBytesMax: 67_108_864,
  keepMs: 2000,
  pingMs: 10_000,
  pingTimeoutMs: 10_000,
  peersPerAddressMax: 10,
}

/** Points that misconduct costs; 100 are a whole score, 70 lead to a ban. */
export const POINTS = {
  malformed: 25,
  oversize: 35,
  overLimit: 1,
  /** For each second that a peer is made to wait. */
  overLimitSecond: 5,
  /** Little: it may be this node that is slow. */
  judgeQueueFull: 0.05,
  streamBeyondLimit: 2,
  streamStorm: 40,
  gossipRejected: 10,
  gossipIgnored: 1,
  foreignTopic: 0.5,
  /** A frame of a peer that is not listened to any more. */
  gossipUnheard: 0.5,
} as const
