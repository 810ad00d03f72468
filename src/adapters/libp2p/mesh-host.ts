import type { Connection, PeerId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type {
  Mesh,
  MeshAddress,
  MeshBan,
  MeshCounters,
  MeshPeer,
  MessageLimits,
  RequestLimits,
  RequestOptions,
  StreamLimits,
  TopicJudge,
} from '../../ports/mesh.ts'
import type { ByteStream } from '../../ports/raft-transport.ts'
import { byteStreamOf } from './byte-stream.ts'
import { boundMessageCache, GossipGuard } from './gossip-guard.ts'
import { gossipInternals } from './gossip-internals.ts'
import { GossipUpkeep } from './gossip-upkeep.ts'
import { didOfPeer, peerOfDid } from './identity.ts'
import { type Host, pingPeer } from './libp2p-init.ts'
import { type MeshLimits, POINTS } from './limits.ts'
import { type MessageHandler, Messages } from './messages.ts'
import { StreamStormError } from './muxer-guard.ts'
import type { MeshOptions } from './options.ts'
import type { PeerBook } from './peer-book.ts'
import type { PeerDatastore } from './peer-datastore.ts'
import { PeerKeeper } from './peer-keeper.ts'
import { ProtocolStreams } from './protocol-streams.ts'
import { type RequestHandler, Requests } from './requests.ts'
import { Topics } from './topics.ts'

/** What the mesh is made of. */
export interface MeshHostDeps {
  readonly host: Host
  readonly options: MeshOptions
  readonly limits: MeshLimits
  readonly book: PeerBook
  readonly datastore: PeerDatastore
  readonly counts: ReadonlyMap<string, number>
  readonly count: (what: string) => void
}

/** The port over a libp2p host: each part of it in a file of its own, wired here. */
export class MeshHost implements Mesh {
  readonly self: Did
  readonly #deps: MeshHostDeps
  readonly #keeper: PeerKeeper
  readonly #streams: ProtocolStreams
  readonly #requests: Requests
  readonly #messages: Messages
  readonly #topics: Topics
  readonly #upkeep: GossipUpkeep
  readonly #boundCache: () => void
  readonly #listeners: ((did: Did, isConnected: boolean) => void)[] = []

  constructor(deps: MeshHostDeps) {
    const { host, options, limits, book, count } = deps
    const { clock } = options
    const self = didOfPeer(host.peerId)
    assert(self !== undefined, 'the node has an Ed25519 key')
    this.self = self
    this.#deps = deps
    const penalise = (did: Did, points: number, why: string): void => book.penalise(did, points, why)
    const ping = (peer: PeerId, signal: AbortSignal) => pingPeer(host.services.ping, peer, signal)
    const bootstrap = (options.bootstrap ?? []).map(parseAddress)
    this.#keeper = new PeerKeeper({ libp2p: host, book, clock, limits, bootstrap, ping, count })
    this.#streams = new ProtocolStreams({ libp2p: host, penalise, count })
    const streams = this.#streams
    const note = (did: Did, isDelivered: boolean): void => book.note(did, isDelivered)
    this.#requests = new Requests({ streams, clock, penalise, note, count })
    const { sendQueueBytesMax: queueBytesMax, dialTimeoutMs: openTimeoutMs } = limits
    this.#messages = new Messages({ streams, clock, queueBytesMax, openTimeoutMs, penalise, count })
    this.#topics = new Topics({ limits, monotonicMs: () => clock.monotonicMs(), penalise, count })
    const gossip = gossipInternals(host.services.gossip)
    this.#boundCache = boundMessageCache(gossip)
    this.#upkeep = new GossipUpkeep(gossip, host)
    const guard = new GossipGuard({
      gossip,
      limits,
      topicPrefix: `/canswarm/${options.network}/`,
      monotonicMs: () => clock.monotonicMs(),
      penalise,
      hangUp: (did) => this.#abort(did, 'a broken gossip stream'),
      judged: (did) => this.#topics.judged(did),
      count,
    })
    guard.stand()
    this.#listen()
  }

  /** After the host has started. */
  start(): void {
    this.#keeper.start()
  }

  addresses(): readonly string[] {
    return this.#deps.host.getMultiaddrs().map(String)
  }

  peers(): readonly MeshPeer[] {
    const byPeer = Map.groupBy(this.#deps.host.getConnections(), ({ remotePeer }) => didOfPeer(remotePeer))
    return [...byPeer].flatMap(([did, connections]) =>
      did === undefined ? [] : [this.#describe(did, connections)],
    )
  }

  isConnected(did: Did): boolean {
    return this.#streams.openConnection(did) !== undefined
  }

  onPeer(listener: (did: Did, isConnected: boolean) => void): void {
    this.#listeners.push(listener)
  }

  async connect(address: string): Promise<Did> {
    const target = parseAddress(address)
    try {
      const { remotePeer } = await this.#deps.host.dial(target)
      const did = didOfPeer(remotePeer)
      if (did !== undefined) return did
    } catch (cause) {
      throw new FaultError('peer-unreachable', `${address} cannot be reached`, { cause })
    }
    throw new FaultError('peer-unreachable', `${address} has a key of another kind`)
  }

  async disconnect(did: Did): Promise<void> {
    await this.#deps.host.hangUp(peerOfDid(did)).catch(() => this.#abort(did, 'hung up'))
  }

  async know(peers: readonly MeshAddress[]): Promise<void> {
    const { host } = this.#deps
    for (const { did, addresses } of peers) {
      const multiaddrs = addresses.flatMap(knownAddress)
      if (multiaddrs.length > 0 && did !== this.self)
        await host.peerStore.merge(peerOfDid(did), { multiaddrs })
    }
  }

  protect(peers: ReadonlySet<Did>): void {
    this.#keeper.protect(new Set([...peers].filter((did) => did !== this.self)))
  }

  ban(did: Did, durationMs: number, why = 'banned by the operator'): void {
    this.#deps.book.ban(did, durationMs, why)
  }

  unban(did: Did): void {
    this.#deps.book.unban(did)
  }

  bans(): readonly MeshBan[] {
    return this.#deps.book.bans()
  }

  penalise(did: Did, points: number, why: string): void {
    this.#deps.book.penalise(did, points, why)
  }

  publish(topic: string, data: Uint8Array): void {
    this.#topics.publish(this.#deps.host.services.gossip, topic, data)
  }

  subscribe(topic: string, judge: TopicJudge): void {
    this.#upkeep.score(topic)
    this.#topics.subscribe(this.#deps.host.services.gossip, topic, async (from, data) => {
      const verdict = await judge(from, data)
      if (verdict === 'accept') this.#upkeep.saw(topic)
      return verdict
    })
  }

  unsubscribe(topic: string): void {
    this.#topics.unsubscribe(this.#deps.host.services.gossip, topic)
  }

  subscribers(topic: string): readonly Did[] {
    const peers = this.#deps.host.services.gossip.getSubscribers(topic)
    return peers.flatMap((peer) => didOfPeer(peer) ?? [])
  }

  handleStream(
    protocol: string,
    { streamsPerPeerMax, unreadBytesMax }: StreamLimits,
    handler: (stream: ByteStream, from: Did) => void,
  ): void {
    this.#streams.take(protocol, streamsPerPeerMax, (stream, from) =>
      handler(byteStreamOf(stream, unreadBytesMax), from),
    )
  }

  async openStream(peer: Did, protocol: string, unreadBytesMax = UNREAD_BYTES_MAX): Promise<ByteStream> {
    const over = new AbortController()
    const { clock } = this.#deps.options
    const cancel = clock.after(this.#deps.limits.dialTimeoutMs, () => {
      over.abort(new FaultError('peer-unreachable', `${peer} cannot be reached`))
    })
    try {
      return byteStreamOf(await this.#streams.open(peer, protocol, over.signal), unreadBytesMax)
    } finally {
      cancel()
    }
  }

  handleRequest(protocol: string, limits: RequestLimits, handler: RequestHandler): void {
    this.#requests.handle(protocol, limits, handler)
  }

  request(peer: Did, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#requests.ask(peer, protocol, body, options)
  }

  handleMessages(
    protocol: string,
    limits: MessageLimits | ((from: Did) => MessageLimits),
    handler: MessageHandler,
  ): void {
    this.#messages.handle(protocol, limits, handler)
  }

  send(peer: Did, protocol: string, body: Uint8Array): boolean {
    return this.#messages.send(peer, protocol, body)
  }

  counters(): MeshCounters {
    return Object.fromEntries(this.#deps.counts)
  }

  async stop(): Promise<void> {
    this.#keeper.stop()
    await this.#deps.host.stop()
    await this.#deps.datastore.close()
  }

  #describe(did: Did, connections: readonly Connection[]): MeshPeer {
    const oldest = connections.reduce((a, b) => (b.timeline.open < a.timeline.open ? b : a))
    return {
      did,
      addresses: connections.map(({ remoteAddr }) => remoteAddr.toString()),
      isRelayed: connections.every(({ direct }) => !direct),
      isProtected: this.#keeper.isProtected(did),
      direction: oldest.direction === 'inbound' ? 'in' : 'out',
      connectedAtMs: oldest.timeline.open,
      score: this.#deps.book.score(did),
      ...this.#deps.book.seen(did),
    }
  }

  #abort(did: Did, why: string): void {
    for (const connection of this.#deps.host.getConnections(peerOfDid(did))) connection.abort(new Error(why))
  }

  #listen(): void {
    const { host, book, count } = this.#deps
    host.addEventListener('peer:connect', ({ detail }) => this.#tell(detail, true))
    host.addEventListener('peer:disconnect', ({ detail }) => this.#tell(detail, false))
    host.addEventListener('peer:discovery', ({ detail }) => {
      host.peerStore.merge(detail.id, { multiaddrs: detail.multiaddrs }).then(
        () => this.#keeper.discovered(detail.id),
        () => count('discovery-failed'),
      )
    })
    host.addEventListener('connection:open', ({ detail }) => {
      detail.addEventListener('close', ({ error }) => {
        const did = didOfPeer(detail.remotePeer)
        if (did === undefined || !(error instanceof StreamStormError)) return
        count('stream-storm')
        book.penalise(did, POINTS.streamStorm, error.message)
      })
    })
    host.services.gossip.addEventListener('gossipsub:heartbeat', () => {
      this.#boundCache()
      this.#upkeep.heartbeat()
    })
  }

  #tell(peer: PeerId, isConnected: boolean): void {
    const did = didOfPeer(peer)
    if (did === undefined) return
    if (!isConnected) this.#messages.forget(did)
    for (const listener of this.#listeners) listener(did, isConnected)
  }
}

/** Of streams that this node opened: what may wait unread. */
const UNREAD_BYTES_MAX = 262_144

/** Faults `peer-address`. */
function parseAddress(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new FaultError('peer-address', `${text} is no multiaddr`, { cause })
  }
}

function knownAddress(text: string): readonly Multiaddr[] {
  try {
    return [multiaddr(text)]
  } catch {
    return [] // of what others say, what cannot be read is left out
  }
}
