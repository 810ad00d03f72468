import type { Libp2p, Peer, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Clock } from '../../ports/clock.ts'
import { didOfPeer, peerOfDid } from './identity.ts'
import type { MeshLimits } from './limits.ts'
import type { PeerBook } from './peer-book.ts'

/** What keeps peers is made of. */
export interface PeerKeeperDeps {
  readonly libp2p: Libp2p
  readonly book: PeerBook
  readonly clock: Clock
  readonly limits: MeshLimits
  readonly bootstrap: readonly Multiaddr[]
  /** Round trip in milliseconds. */
  readonly ping: (peer: PeerId, signal: AbortSignal) => Promise<number>
  readonly count: (what: string) => void
}

const DIALS_AT_ONCE_MAX = 8
const RETRY_MS_MIN = 1000
const RETRY_MS_MAX = 300_000
/** Protected peers are tried again at least so often. */
const RETRY_PROTECTED_MS_MAX = 10_000
const RETRIES_MAX = 4096
/** Pings that one after another got no answer, before the connection is given up. */
const SILENT_PINGS_MAX = 2

interface Retry {
  readonly atMs: number
  readonly waitMs: number
}

/**
 * Keeps a node in touch, from state alone, every few seconds: protected peers are dialled whenever there is no
 * connection to them, others up to the target count; the least worthy beyond the maximum are let go; whoever answers no
 * ping is hung up. Source: network.md, "Connections" and "Discovery".
 */
export class PeerKeeper {
  readonly #deps: PeerKeeperDeps
  readonly #retries = new LruMap<string, Retry>(RETRIES_MAX)
  readonly #dialling = new Set<string>()
  readonly #silent = new Map<Did, number>()
  readonly #stopped = new AbortController()
  #protected: ReadonlySet<Did> = new Set()
  #pingAtMs = 0
  #cancel: () => void = () => undefined

  constructor(deps: PeerKeeperDeps) {
    this.#deps = deps
  }

  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#stopped.abort(new Error('this node stops'))
    this.#cancel()
  }

  isProtected(did: Did): boolean {
    return this.#protected.has(did)
  }

  protect(peers: ReadonlySet<Did>): void {
    this.#protected = new Set(peers)
    for (const did of peers) this.#dialProtected(did)
  }

  /** Somebody was heard of: dialled at once if there are too few. */
  discovered(peer: PeerId): void {
    this.#deps.count('discovered')
    if (this.#room() > 0 || this.#isProtectedPeer(peer)) this.#dial(peer, RETRY_MS_MAX)
  }

  async #round(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const { limits, clock, count } = this.#deps
    try {
      for (const did of this.#protected) this.#dialProtected(did)
      if (this.#room() > 0) await this.#dialKnown()
      this.#letGo()
      if (clock.monotonicMs() >= this.#pingAtMs) this.#pingAll()
    } catch {
      count('keeper-failed') // the peer store could not be read: tried again in the next round
    }
    if (!this.#stopped.signal.aborted) this.#cancel = clock.after(limits.keepMs, () => void this.#round())
  }

  /** How many peers are missing. */
  #room(): number {
    return this.#deps.limits.peersTarget - this.#deps.libp2p.getPeers().length - this.#dialling.size
  }

  #isProtectedPeer(peer: PeerId): boolean {
    const did = didOfPeer(peer)
    return did !== undefined && this.#protected.has(did)
  }

  #dialProtected(did: Did): void {
    const peer = peerOfDid(did)
    if (this.#deps.libp2p.getConnections(peer).length === 0) this.#dial(peer, RETRY_PROTECTED_MS_MAX)
  }

  async #dialKnown(): Promise<void> {
    const { libp2p, bootstrap } = this.#deps
    for (const address of bootstrap) this.#dialAddress(address)
    const known = (await libp2p.peerStore.all()).filter(({ addresses }) => addresses.length > 0)
    for (const { id } of byWorth(known, this.#deps.book)) {
      if (this.#room() <= 0 || this.#stopped.signal.aborted) return
      this.#dial(id, RETRY_MS_MAX)
    }
  }

  #dialAddress(address: Multiaddr): void {
    const text = address.toString()
    const connected = this.#deps.libp2p.getConnections()
    const named = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
    const isThere = connected.some(({ remotePeer, remoteAddr }) =>
      named === undefined
        ? remoteAddr.toString().startsWith(`${text}/p2p/`)
        : remotePeer.toString() === named,
    )
    if (!isThere && named !== this.#deps.libp2p.peerId.toString()) this.#attempt(text, address, RETRY_MS_MAX)
  }

  #dial(peer: PeerId, retryMsMax: number): void {
    const did = didOfPeer(peer)
    const { libp2p, book } = this.#deps
    const isWanted = did !== undefined && !book.isBanned(did) && !peer.equals(libp2p.peerId)
    if (isWanted && libp2p.getConnections(peer).length === 0) this.#attempt(peer.toString(), peer, retryMsMax)
  }

  #attempt(key: string, target: PeerId | Multiaddr, retryMsMax: number): void {
    const { clock } = this.#deps
    const retry = this.#retries.get(key)
    const isEarly = retry !== undefined && retry.atMs > clock.monotonicMs()
    // Addresses that lead nowhere must not keep a node from its voters.
    const isFull = this.#dialling.size >= DIALS_AT_ONCE_MAX && retryMsMax !== RETRY_PROTECTED_MS_MAX
    if (isEarly || isFull || this.#dialling.has(key)) return
    this.#dialling.add(key)
    void this.#dialled(key, target, Math.min(retryMsMax, Math.max(RETRY_MS_MIN, (retry?.waitMs ?? 0) * 2)))
  }

  async #dialled(key: string, target: PeerId | Multiaddr, failedMs: number): Promise<void> {
    const { libp2p, clock, count } = this.#deps
    let waitMs = RETRY_MS_MIN
    try {
      await libp2p.dial(target, { signal: this.#stopped.signal })
    } catch {
      count('dial-failed')
      waitMs = failedMs
    }
    this.#dialling.delete(key)
    this.#retries.set(key, { atMs: clock.monotonicMs() + waitMs, waitMs })
  }

  #letGo(): void {
    const { libp2p, book, limits, count } = this.#deps
    const peers = libp2p.getPeers().filter((peer) => !this.#isProtectedPeer(peer))
    if (peers.length <= limits.peersMax) return
    const worth = (peer: PeerId): number => scoreOf(peer, book)
    const least = peers.sort((a, b) => worth(a) - worth(b)).slice(0, peers.length - limits.peersTarget)
    for (const peer of least) {
      count('let-go')
      libp2p.hangUp(peer).catch(() => count('hang-up-failed'))
    }
  }

  #pingAll(): void {
    const { libp2p, limits, clock } = this.#deps
    this.#pingAtMs = clock.monotonicMs() + limits.pingMs
    const peers = libp2p.getPeers()
    const names = new Set(peers.map(didOfPeer))
    for (const did of this.#silent.keys()) if (!names.has(did)) this.#silent.delete(did)
    for (const peer of peers) void this.#ping(peer)
  }

  async #ping(peer: PeerId): Promise<void> {
    const did = didOfPeer(peer)
    if (did === undefined) return
    const { libp2p, book, clock, limits, ping, count } = this.#deps
    const over = new AbortController()
    const cancel = clock.after(limits.pingTimeoutMs, () => over.abort(new Error('no answer')))
    try {
      const latencyMs = await ping(peer, AbortSignal.any([over.signal, this.#stopped.signal]))
      book.noteLatency(did, latencyMs)
      book.note(did, true)
      this.#silent.delete(did)
    } catch {
      if (this.#stopped.signal.aborted) return
      book.note(did, false)
      const silent = (this.#silent.get(did) ?? 0) + 1
      this.#silent.set(did, silent)
      if (silent < SILENT_PINGS_MAX) return
      count('silent-peer')
      this.#silent.delete(did)
      // Closing politely would wait for the one that does not answer.
      for (const connection of libp2p.getConnections(peer)) connection.abort(new Error('no answer to pings'))
    } finally {
      cancel()
    }
  }
}

function scoreOf(peer: PeerId, book: PeerBook): number {
  const did = didOfPeer(peer)
  return did === undefined ? -1 : book.score(did)
}

function byWorth(peers: readonly Peer[], book: PeerBook): readonly Peer[] {
  return [...peers].sort((a, b) => scoreOf(b.id, book) - scoreOf(a.id, book))
}
