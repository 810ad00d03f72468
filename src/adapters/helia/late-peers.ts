import type { Libp2p } from 'libp2p'
import type { CID } from '../../codec/cid.ts'
import type { PeerBlocks } from './peer-blocks.ts'

/** Blocks of peers, which are spoken to from `open` on, or from the first block on that one of them is asked for. */
export class LatePeers {
  readonly #libp2p: Libp2p
  readonly #load: () => Promise<PeerBlocks>
  #opened: Promise<PeerBlocks> | undefined
  #isClosed = false

  constructor(libp2p: Libp2p, load: () => Promise<PeerBlocks>) {
    this.#libp2p = libp2p
    this.#load = load
  }

  /** Resolves when peers hear and are heard; nothing after `close`. */
  async open(): Promise<void> {
    if (!this.#isClosed) await this.#peers()
  }

  /** Whether there is anybody to ask. */
  hasPeers(from: readonly CID[]): boolean {
    return from.length > 0 || this.#libp2p.getPeers().length > 0
  }

  /** As `PeerBlocks.announce`; nobody wants anything of a node that was not opened yet. */
  async announce(cid: CID): Promise<void> {
    await (await this.#opened)?.announce(cid)
  }

  /** As `PeerBlocks.fetch`. */
  async fetch(cid: CID, from: readonly CID[], signal: AbortSignal): Promise<Uint8Array> {
    return await (await this.#peers()).fetch(cid, from, signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await (await this.#opened)?.close()
  }

  #peers(): Promise<PeerBlocks> {
    this.#opened ??= this.#load()
    return this.#opened
  }
}
