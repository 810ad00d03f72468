import { withBitswap } from '@helia/bitswap'
import { createHeliaLight } from 'helia'
import type { Libp2p } from 'libp2p'
import { CID } from '../../codec/cid.ts'
import { FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import { askPeers } from './ask-peers.ts'
import { guardBitswap } from './bitswap-guard.ts'
import { BLOCK_BYTES_MAX, plainBytes } from './block-files.ts'
import type { HeliaBlocks } from './helia-blocks.ts'

type NetworkedHelia = Parameters<typeof withBitswap>[0]
type Broker = Exclude<Parameters<NetworkedHelia['addBlockBroker']>[0], (components: never) => unknown>

/** A block with the fields around it. */
const MESSAGE_BYTES_MAX = BLOCK_BYTES_MAX + 65_536

/**
 * Every bound of bitswap, so that none is the library's choice. A peer's wanted blocks are read into memory together:
 * `maxWantlistSize` of them at most.
 */
const BITSWAP_LIMITS = {
  maxInboundStreams: 16,
  maxOutboundStreams: 16,
  maxIncomingMessageSize: MESSAGE_BYTES_MAX,
  maxOutgoingMessageSize: MESSAGE_BYTES_MAX,
  messageReceiveTimeout: 5_000,
  messageSendTimeout: 5_000,
  messageSendConcurrency: 16,
  sendBlocksConcurrency: 1,
  sendBlocksMaxQueueLength: 16,
  doNotResendBlockWindow: 250,
  maxWantlistSize: 8,
  maxSizeReplaceHasWithBlock: 1_024,
  runOnLimitedConnections: false,
} as const

/** Blocks that are looked for at once, of all contents; one that nobody has takes no place of a peer. */
const BLOCKS_AT_ONCE_MAX = 64
/** Blocks that one peer is asked for at once: no more than it remembers of what a node wants. */
const ASKED_OF_PEER_MAX = BITSWAP_LIMITS.maxWantlistSize
/** Peers that are asked for one block: those that were named and connected ones. */
const PEERS_MAX = 16

export interface PeerBlocksOptions {
  readonly libp2p: Libp2p
  readonly blocks: HeliaBlocks
  readonly clock: Clock
}

interface Fetch {
  readonly block: Promise<Uint8Array>
  readonly stop: AbortController
  waiting: number
}

/**
 * Blocks of peers, by bitswap: gives them the blocks that are here, and asks them for others, one peer after the other.
 * Nobody is looked for: asked are the peers that a caller names and those that are connected.
 */
export class PeerBlocks {
  readonly #helia: NetworkedHelia
  readonly #libp2p: Libp2p
  readonly #clock: Clock
  readonly #fetches = new Map<string, Fetch>()
  readonly #queue: (() => void)[] = []
  /** How many blocks each peer is asked for now. */
  readonly #asked = new Map<string, number>()
  #broker: Broker | undefined
  #underWay = 0

  private constructor({ libp2p, blocks, clock }: PeerBlocksOptions) {
    this.#libp2p = libp2p
    this.#clock = clock
    const light = createHeliaLight({ blockstore: blocks })
    // The node's own libp2p, which whoever made it also stops; `withLibp2pLight` would make another one.
    this.#helia = Object.assign(light, { libp2p }) as NetworkedHelia
    const add = this.#helia.addBlockBroker.bind(this.#helia)
    this.#helia.addBlockBroker = (broker) => {
      if (typeof broker !== 'function') {
        this.#broker = broker
        guardBitswap(broker, clock)
      }
      add(broker)
    }
    withBitswap(this.#helia, BITSWAP_LIMITS)
  }

  /** Speaks bitswap over a started libp2p from now on, until `close`. */
  static async open(options: PeerBlocksOptions): Promise<PeerBlocks> {
    const peers = new PeerBlocks(options)
    await peers.#helia.start()
    return peers
  }

  /** Gives a block that is here now to the peers that want it. */
  async announce(cid: CID): Promise<void> {
    await this.#broker?.announce?.(cid)
  }

  /**
   * The block, checked and kept. Ends with it, with the signal's reason, or with a FaultError of the store. However
   * many callers want the same block, it is asked for once.
   */
  async fetch(cid: CID, from: readonly CID[], signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    const key = cid.toString()
    const fetch = this.#fetches.get(key) ?? this.#begin(key, cid, from)
    fetch.waiting++
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([fetch.block, aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
      fetch.waiting--
      if (fetch.waiting === 0) fetch.stop.abort(new Error('nobody waits for it'))
    }
  }

  async close(): Promise<void> {
    for (const { stop } of this.#fetches.values())
      stop.abort(new FaultError('content-not-found', 'the store is closed'))
    await this.#helia.stop()
  }

  #begin(key: string, cid: CID, from: readonly CID[]): Fetch {
    const stop = new AbortController()
    const block = this.#inTurn(() => this.#ask(cid, from, stop.signal)).finally(() => {
      if (this.#fetches.get(key) === fetch) this.#fetches.delete(key)
    })
    // Whoever waits hears of it; when nobody does any more, nobody has to.
    block.catch(() => undefined)
    const fetch: Fetch = { block, stop, waiting: 0 }
    stop.signal.addEventListener('abort', () => this.#fetches.delete(key), { once: true })
    this.#fetches.set(key, fetch)
    return fetch
  }

  async #inTurn<Value>(run: () => Promise<Value>): Promise<Value> {
    if (this.#underWay >= BLOCKS_AT_ONCE_MAX) await new Promise<void>((go) => this.#queue.push(go))
    else this.#underWay++
    try {
      return await run()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  async #ask(cid: CID, from: readonly CID[], signal: AbortSignal): Promise<Uint8Array> {
    return await askPeers({
      peers: () => this.#peers(from),
      keyOf: String,
      ask: (peer, stop) => this.#askOne(cid, peer, stop),
      clock: this.#clock,
      signal,
    })
  }

  #peers(from: readonly CID[]): readonly CID[] {
    const connected = this.#libp2p.getPeers().map((peer) => CID.asCID(peer.toCID()) as CID)
    const named = new Set(from.map(String))
    const all = [...from, ...connected.filter((peer) => !named.has(String(peer)))].slice(0, PEERS_MAX)
    return all.filter((peer) => (this.#asked.get(String(peer)) ?? 0) < ASKED_OF_PEER_MAX)
  }

  async #askOne(cid: CID, peer: CID, signal: AbortSignal): Promise<Uint8Array> {
    const session = this.#helia.blockstore.createSession(cid, {
      providers: [peer],
      minProviders: 1,
      maxProviders: 1,
    })
    this.#count(peer, 1)
    try {
      for await (const block of session.get(cid, { signal })) return plainBytes(block)
      throw new Error('no block')
    } catch (error) {
      throw faultIn(error) ?? error
    } finally {
      this.#count(peer, -1)
      session.close()
    }
  }

  #count(peer: CID, more: 1 | -1): void {
    const key = String(peer)
    const count = (this.#asked.get(key) ?? 0) + more
    if (count === 0) this.#asked.delete(key)
    else this.#asked.set(key, count)
  }
}

/** The store's own failure among what the library wrapped. */
function faultIn(error: unknown): FaultError | undefined {
  if (error instanceof FaultError) return error
  const inner = error instanceof AggregateError ? error.errors : []
  return inner.find((one) => one instanceof FaultError)
}
