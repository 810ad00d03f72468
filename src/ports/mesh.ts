import type { Did } from '../model/ids.ts'
import type { ByteStream } from './raft-transport.ts'

/**
 * What a judge says of a message on a topic. `accept`: it is new and good, the peers of the topic get it. `ignore`: it goes no
 * further, and its sender is charged when it sends more of those than good ones (network.md: a message that holds
 * nothing new). `reject`: no honest node sends it; its sender is charged much.
 */
export type Validity = 'accept' | 'ignore' | 'reject'

/** A connected peer. */
export interface MeshPeer {
  readonly did: Did
  /** Multiaddrs of its connections, each with `/p2p/<id>`. */
  readonly addresses: readonly string[]
  /** Every connection to it goes through another node. */
  readonly isRelayed: boolean
  /** One of those that `protect` named. */
  readonly isProtected: boolean
  /** Who dialled the oldest of its connections. */
  readonly direction: 'in' | 'out'
  /** Wall clock of that connection's start, milliseconds since 1970. */
  readonly connectedAtMs: number
  /** Round trip of the last ping; undefined until the first one came back. */
  readonly latencyMs: number | undefined
  /** From 0 to 1; 1 for a peer that did nothing wrong. Below the threshold it is banned. */
  readonly score: number
  /** Of what was asked of it or sent to it in answer to a request and by ping: how much arrived. */
  readonly delivered: number
  readonly total: number
}

/** A peer to which there is no connection until a time. */
export interface MeshBan {
  readonly did: Did
  /** Wall clock, milliseconds since 1970. */
  readonly untilMs: number
  readonly why: string
  /** How often it was banned, this time included; the next ban is longer. */
  readonly times: number
}

/** Where addresses are known from before there was ever a connection: genesis, the registry, an invitation. */
export interface MeshAddress {
  readonly did: Did
  /** Multiaddrs; those that are none are left out. */
  readonly addresses: readonly string[]
}

/** Limits of streams that a handler takes over whole. What is above costs the peer score and is reset. */
export interface StreamLimits {
  /** Open at once, from one peer. */
  readonly streamsPerPeerMax: number
  /** Received and not yet read, per stream: the sender is paused above, and the stream reset at twice as much. */
  readonly unreadBytesMax: number
}

/** Limits of requests to this node. */
export interface RequestLimits {
  readonly bodyBytesMax: number
  /** Of the answer that the handler gives; a longer one is a defect of the handler. */
  readonly answerBytesMax: number
  /** Being received or answered at once, from one peer: what it gave up counts until the handler is done with it. */
  readonly inFlightPerPeerMax: number
  /** From the stream's start to the last byte of the answer. */
  readonly timeoutMs: number
  /** Token bucket of one peer: so many requests at once, filled at so many a second. */
  readonly perSecondMax: number
  readonly burstMax: number
}

/** Limits of one-way messages to this node. */
export interface MessageLimits {
  readonly bodyBytesMax: number
  /** Token buckets of one peer: messages and bytes a second; the burst is one second's worth, and one whole message. */
  readonly perSecondMax: number
  readonly bytesPerSecondMax: number
}

/** How a request is made. */
export interface RequestOptions {
  readonly timeoutMs: number
  readonly answerBytesMax: number
  readonly signal?: AbortSignal
}

/** A message on a topic that was taken in. */
export type TopicJudge = (from: Did, data: Uint8Array) => Validity | Promise<Validity>

/** Counters since the start, for metrics; names are stable. */
export type MeshCounters = Readonly<Record<string, number>>

/**
 * The network as a node sees it: peers by their DIDs, gossip on topics, and streams. Who speaks is known by the connection
 * (Noise), never by what is said. Bytes that are handed in are not copied and must not be changed afterwards; bytes that
 * come out belong to whoever gets them. Everything that a stranger can make it keep is bounded (network.md, "Limits").
 */
export interface Mesh {
  /** did:key of the node's key; its PeerId is made of the same key. */
  readonly self: Did
  /** Multiaddrs at which it can be reached, each with `/p2p/<id>`. */
  addresses(): readonly string[]
  peers(): readonly MeshPeer[]
  isConnected(did: Did): boolean
  /** Called at each first connection of a peer and at its last one's end. */
  onPeer(listener: (did: Did, isConnected: boolean) => void): void
  /**
   * Dials a multiaddr; with `/p2p/<id>` the peer must be that one. Faults `peer-address` for no multiaddr,
   * `peer-unreachable` (nobody there, refused, banned, 30 s gone).
   */
  connect(address: string): Promise<Did>
  /** Ends its connections. A protected peer, or one that is needed for the target count, may be dialled again. */
  disconnect(did: Did): Promise<void>
  /** Keeps addresses in the peer store, so that the peer can be dialled by its name. */
  know(peers: readonly MeshAddress[]): Promise<void>
  /** Peers that are dialled until there is a connection, and never pruned: voters of this node's groups. Replaces the set. */
  protect(peers: ReadonlySet<Did>): void
  /** Ends its connections and takes none for so long. */
  ban(did: Did, durationMs: number, why?: string): void
  unban(did: Did): void
  bans(): readonly MeshBan[]
  /** Charges a peer; `points` of 100 take a whole score. Its score recovers with time. */
  penalise(did: Did, points: number, why: string): void

  /**
   * Gossip to everybody on the topic, this node not among them; best effort: nobody there, a slow peer or a message
   * that was published a short while ago are no errors. At most `GOSSIP_BYTES_MAX`, else a defect.
   */
  publish(topic: string, data: Uint8Array): void
  /**
   * Takes part in a topic. The judge gets each message once (by sha256 of its bytes) from a peer, and takes it in; what it
   * answers `accept` to is forwarded. A judge that throws says `ignore`. Of messages that wait for their verdicts, those
   * of a peer beyond its share are dropped and charged. One judge a topic: a second call replaces the first.
   */
  subscribe(topic: string, judge: TopicJudge): void
  unsubscribe(topic: string): void
  /** Connected peers that take part in the topic. */
  subscribers(topic: string): readonly Did[]

  /** Takes streams of a protocol, which the handler then owns and closes. One handler a protocol. */
  handleStream(protocol: string, limits: StreamLimits, handler: (stream: ByteStream, from: Did) => void): void
  /**
   * A new stream to a connected peer, or to one whose addresses are known. Whoever does not read makes the peer wait above
   * `unreadBytesMax` (256 KiB unless said). Faults `peer-unreachable`, `peer-refused`.
   */
  openStream(peer: Did, protocol: string, unreadBytesMax?: number): Promise<ByteStream>

  /** Answers requests. A handler that throws resets the stream: the peer hears `peer-refused`. */
  handleRequest(
    protocol: string,
    limits: RequestLimits,
    handler: (from: Did, body: Uint8Array) => Promise<Uint8Array> | Uint8Array,
  ): void
  /**
   * One request, one answer; both may be empty. Faults `peer-unreachable` (nothing was sent), `peer-refused` (it does not
   * speak the protocol, is over its limits, or failed), `peer-gone` (the connection ended or the time was over: outcome
   * unknown). Rejects with the signal's reason when that is what ended it.
   */
  request(peer: Did, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>

  /**
   * Takes one-way messages, in order for each peer and connection; limits may be a peer's own, as they are when it opens its
   * stream. A handler must not throw.
   */
  handleMessages(
    protocol: string,
    limits: MessageLimits | ((from: Did) => MessageLimits),
    handler: (from: Did, body: Uint8Array) => void,
  ): void
  /**
   * One message on a kept stream; those of one turn of the event loop leave in one write. False: no connection, or the
   * peer's queue is full; nothing is kept. True promises nothing of arrival. 1 to `MESSAGE_BYTES_MAX` bytes, else a defect.
   */
  send(peer: Did, protocol: string, body: Uint8Array): boolean

  counters(): MeshCounters
  /** Ends all connections; resolves when the last file is written. */
  stop(): Promise<void>
}

/** Bytes of one gossip message at most. */
export const GOSSIP_BYTES_MAX = 1_048_576

/** Bytes of one one-way message, request or answer at most, whatever a protocol's own limits. */
export const MESSAGE_BYTES_MAX = 8_388_608
