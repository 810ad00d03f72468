import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2p } from 'libp2p'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type ContentStoreOptions, openContentStore } from '../../src/adapters/helia/open-content-store.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { CID } from '../../src/codec/cid.ts'
import type { ContentStore } from '../../src/ports/content-store.ts'
import { openLoopbackLibp2p } from './loopback-libp2p.ts'

export interface ContentNode {
  readonly store: ContentStore
  readonly libp2p: Libp2p
  readonly directory: string
}

/** Content stores in directories of their own, with or without a node on loopback; `close` takes all of it away. */
export class ContentNodes {
  readonly #root = mkdtempSync(join(tmpdir(), 'canswarm-content-'))
  readonly #stores: ContentStore[] = []
  readonly #nodes: Libp2p[] = []
  #count = 0

  folder(): string {
    return join(this.#root, String(this.#count++))
  }

  async open(options: Partial<ContentStoreOptions> = {}): Promise<ContentStore> {
    const store = await openContentStore({
      directory: this.folder(),
      sha256: nodeCrypto.sha256,
      clock: systemClock,
      reserveBytes: 0,
      ...options,
    })
    this.#stores.push(store)
    return store
  }

  async node(options: Partial<ContentStoreOptions> = {}): Promise<ContentNode> {
    const libp2p = await openLoopbackLibp2p()
    this.#nodes.push(libp2p)
    const directory = options.directory ?? this.folder()
    return { libp2p, directory, store: await this.open({ ...options, directory, libp2p }) }
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close()
    for (const node of this.#nodes) await node.stop()
    rmSync(this.#root, { recursive: true, force: true })
  }
}

export async function connect(from: ContentNode, to: ContentNode): Promise<void> {
  await from.libp2p.dial(to.libp2p.getMultiaddrs())
}

/** Names of all block files of a store's directory, with their paths. */
export function blockPaths(directory: string): readonly string[] {
  const shards = readdirSync(directory).filter((name) => /^[0-9a-f]{2}$/.test(name))
  return shards.flatMap((shard) =>
    readdirSync(join(directory, shard)).map((name) => join(directory, shard, name)),
  )
}

/** Changes one byte of the block of a CID on disk. */
export function damage(directory: string, cid: CID): void {
  const name = Buffer.from(cid.multihash.digest).toString('hex')
  const path = join(directory, name.slice(0, 2), name)
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
  writeFileSync(path, bytes)
}

/** Bytes that no two seeds share and that nothing can shrink. */
export function noiseBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2_654_435_761 + 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[at] = state >>> 24
  }
  return bytes
}
