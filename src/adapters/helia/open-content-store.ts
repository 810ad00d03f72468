import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Libp2p } from 'libp2p'
import type { Clock } from '../../ports/clock.ts'
import type { ContentStore, Retention } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { BlockFiles } from './block-files.ts'
import { CONTENT_INDEX, ContentIndex } from './content-index.ts'
import { guarded } from './fault.ts'
import { HeliaBlocks } from './helia-blocks.ts'
import { HeliaContentStore } from './helia-content-store.ts'
import { LatePeers } from './late-peers.ts'
import type { PeerBlocks } from './peer-blocks.ts'

export interface ContentStoreOptions {
  /** `<home>/blocks`: made, for its owner alone, when it is not there. One process at a time. */
  readonly directory: string
  readonly sha256: Sha256
  readonly clock: Clock
  /** A started node, which the caller stops after the store is closed. Without it nobody is asked for what is not here. */
  readonly libp2p?: Libp2p
  /**
   * When peers may be spoken to: bitswap is a third of all that a node loads, and everything else can begin without it.
   * Whoever wants a block of a peer before does not wait for this. At once when it is not said.
   */
  readonly mayJoin?: Promise<void>
  /** Bytes of all blocks; 10 GiB when it is not said. */
  readonly quotaBytes?: number
  /** Bytes of the disk that are left to others; 256 MiB when it is not said. */
  readonly reserveBytes?: number
  /** What `gc` keeps of the unpinned when it is not told; what is younger than a week when it is not said. */
  readonly retention?: Retention
}

const GIB = 1_073_741_824
const MIB = 1_048_576
const WEEK_MS = 7 * 24 * 3_600_000

/** The content store of a home. The caller closes it. Faults `store-io`, `store-full`, `store-locked`, `store-damaged`. */
export async function openContentStore(options: ContentStoreOptions): Promise<ContentStore> {
  const { directory, sha256, clock, libp2p } = options
  await guarded(`make ${directory}`, () => mkdir(directory, { recursive: true, mode: 0o700 }))
  // First: who has it, has the directory, and may clear what another one left half written.
  const index = ContentIndex.open(join(directory, CONTENT_INDEX))
  try {
    const quotaBytes = options.quotaBytes ?? 10 * GIB
    const reserveBytes = options.reserveBytes ?? 256 * MIB
    const files = await BlockFiles.open({ directory, sha256, quotaBytes, reserveBytes })
    const blocks = new HeliaBlocks(files, sha256)
    const peers = libp2p && new LatePeers(libp2p, () => openPeers({ libp2p, blocks, clock }))
    if (options.mayJoin === undefined) await peers?.open()
    else void options.mayJoin.then(() => peers?.open())
    const retention = options.retention ?? { keep: 'recent', ms: WEEK_MS }
    return new HeliaContentStore({ files, index, blocks, peers, sha256, clock, retention, quotaBytes })
  } catch (error) {
    index.close()
    throw error
  }
}

/** Loaded only when there is a network: a command that works on files does without it. */
async function openPeers(options: Parameters<typeof PeerBlocks.open>[0]): Promise<PeerBlocks> {
  const loaded = await import('./peer-blocks.ts')
  return await loaded.PeerBlocks.open(options)
}
