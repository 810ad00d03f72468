import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type BundleBlock, parseBlock } from '../../src/codec/bundle/block.ts'
import { BundleWriter, carFile, type NamedBlock } from '../../src/codec/bundle/write-bundle.ts'
import { RAW } from '../../src/codec/cid.ts'
import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import { machinesOf } from '../../src/core/machines/machines.ts'
import type { ThreadId } from '../../src/model/ids.ts'
import type { LogSource } from '../../src/ports/network-log.ts'
import type { ReplayedOutcome, ReplayedTask } from '../../src/ports/task-replay.ts'
import { replay } from '../../src/replay/replay.ts'
import type { ReplayOptions, ReplayReport } from '../../src/replay/report.ts'
import { type Exported, exportThread, trustingMachines } from '../../src/services/record/export-thread.ts'
import { storeNetwork } from '../../src/sim/record/store-network.ts'
import { fileOf, MemorySpool, piecesOf } from './bundles.ts'
import { MemoryLogs } from './memory-logs.ts'
import type { Theatre } from './theatre.ts'

const { sha256 } = nodeCrypto

export function logsOf({ stage }: Theatre, certifies = true): MemoryLogs {
  const logs = new MemoryLogs(stage.genesisBytes)
  storeNetwork(stage.network, certifies, logs)
  return logs
}

export interface ExportedFile {
  readonly exported: Exported
  readonly blocks: readonly NamedBlock[]
}

export function exportOf(
  source: LogSource,
  thread: ThreadId,
  content: 'inline' | 'linked' = 'inline',
): ExportedFile {
  const file = exportedOf(source, thread, content)
  if (file === undefined) throw new Error('nothing to export')
  return file
}

/** Undefined where the logs know nothing of the thread. */
export function exportedOf(
  source: LogSource,
  thread: ThreadId,
  content: 'inline' | 'linked' = 'inline',
): ExportedFile | undefined {
  const writer = new BundleWriter(new MemorySpool(), sha256)
  const exported = exportThread(writer, {
    source,
    thread,
    content,
    sha256,
    aside: new MemorySpool(),
    machinesOf: trustingMachines(nodeCrypto),
  })
  return exported === undefined ? undefined : { exported, blocks: [...writer.blocks(exported)] }
}

export interface ReplayChanges extends Partial<ReplayOptions> {
  /** Does tasks again. */
  readonly tasks?: (task: ReplayedTask) => ReplayedOutcome
}

export function replayOf(file: Uint8Array, { tasks, ...changes }: ReplayChanges = {}): ReplayReport {
  const run = replay(piecesOf(file, 65_536), {
    allowUnchecked: new Set(),
    crypto: nodeCrypto,
    machinesOf,
    ...changes,
  })
  for (let next = run.next(); ; next = run.next(next.value.task && tasks?.(next.value.task))) {
    if (next.done === true) return next.value
  }
}

/** The same file with its data blocks changed and every name made anew: what a liar would hand out. */
export function forged(
  { exported, blocks }: ExportedFile,
  change: (blocks: BundleBlock[]) => BundleBlock[],
): Uint8Array {
  const indexes = 1 + Math.ceil((blocks.length - 1) / 1_025)
  const read = blocks.slice(indexes).flatMap(({ cid, bytes }) => {
    const value = cid.code === RAW ? undefined : decodeDagCbor(bytes, { itemsMax: 1e6 })
    const block = value?.ok === true ? parseBlock(value.value) : undefined
    return block?.ok === true ? [block.value] : []
  })
  const writer = new BundleWriter(new MemorySpool(), sha256)
  for (const block of change(read)) writer.add(block)
  return fileOf(carFile(writer.blocks(exported)))
}
