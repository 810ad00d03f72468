import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { VerifyPool } from '../../adapters/crypto/verify-pool.ts'
import { LogFiles } from '../../adapters/log-files/log-files.ts'
import type { CID } from '../../codec/cid.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { PartThreads } from '../../replay/parts.ts'
import { replay } from '../../replay/replay.ts'
import type { ReplayOptions, ReplayReport } from '../../replay/report.ts'
import { offline } from '../offline.ts'
import { openPolicyEngine } from '../policy/runtime.ts'
import { convert, importedPath } from './export.ts'
import { openPieces } from './files.ts'
import { NodePartThreads } from './part-threads.ts'
import { WasmReplay } from './replay-tasks.ts'

export interface ReplayRequest extends Pick<ReplayOptions, 'allowUnchecked'> {
  readonly path: string
  readonly network: CID | undefined
  readonly anchor: ReplayOptions['anchor']
  /** All cores judge signatures, and do buckets. */
  readonly parallel?: boolean
  /** In parallel: threads that do buckets, beside the one that reads and the one that judges signatures; see `partThreads`. */
  readonly threads?: number
  /** Folder with content that the file has not, each under the text of its CID. */
  readonly cas?: string
  /** Called now and then: part of the file that was read, 0 to 1, and items so far. */
  readonly progress: (share: number, events: number) => void
}

/**
 * Replays a file. Faults `store-io` for one that cannot be read. In parallel, threads judge the signatures while the
 * rules go on as if all were good, and do buckets once the hub is folded; when anything is wrong, all of it is thrown away
 * and the file replayed as it is without: so what is named first is the same, whatever threads did.
 */
export async function replayFile(request: ReplayRequest): Promise<ReplayReport> {
  if (request.parallel === true) {
    const report = await replayAhead(request)
    if (report !== undefined) return report
  }
  return await replayWith(request, { verify: offline.crypto.verify, pause: () => undefined })
}

/** Undefined where anything is wrong: then the report says nothing. */
async function replayAhead(request: ReplayRequest): Promise<ReplayReport | undefined> {
  const pool = new VerifyPool()
  const count = request.threads ?? partThreads()
  const threads = count === 0 ? undefined : new NodePartThreads(count)
  try {
    const verify: Crypto['verify'] = (key, message, signature) => {
      if (pool.isBusy) return offline.crypto.verify(key, message, signature)
      pool.offer(key, message, signature)
      return true
    }
    const pause = async (isWaiting: boolean): Promise<void> => {
      await (isWaiting ? threads?.arrival() : setImmediate())
      await pool.room()
    }
    const way = { verify, pause, ...(threads === undefined ? {} : { threads }) }
    const report = await replayWith(request, way)
    return (await pool.end()) && report.divergence === undefined ? report : undefined
  } finally {
    await Promise.all([pool.close(), threads?.close()])
  }
}

/**
 * One for each core but two: reading and signatures have a core each. A thread starts, compiles the rules for itself and
 * copies what it is given, which two cores, where they are two halves of one, do not give back (docs/performance.md).
 */
function partThreads(): number {
  return Math.max(0, availableParallelism() - 2)
}

/** How a file is replayed. */
interface Way {
  readonly verify: Crypto['verify']
  /** Others have their turn; `isWaiting`: until there is something of the threads. */
  readonly pause: (isWaiting: boolean) => Promise<void> | undefined
  readonly threads?: PartThreads
}

async function replayWith(request: ReplayRequest, { verify, pause, ...way }: Way): Promise<ReplayReport> {
  const policy = openPolicyEngine()
  const tasks = new WasmReplay(request.cas)
  try {
    const { size, pieces } = openPieces(request.path)
    const crypto = { ...offline.crypto, verify }
    const run = replay(pieces, { ...optionsOf(request), ...way, crypto, policy })
    for (let next = run.next(); ; ) {
      if (next.done === true) return next.value
      const { byte, events, task, isWaiting = false } = next.value
      request.progress(size === 0 ? 1 : byte / size, events)
      await pause(isWaiting)
      next = run.next(task && (await tasks.run(task)))
    }
  } finally {
    await tasks.close()
    await policy.close()
  }
}

function optionsOf({ network, anchor, allowUnchecked }: ReplayRequest): Omit<ReplayOptions, 'crypto'> {
  return {
    allowUnchecked,
    machinesOf,
    ...(network === undefined ? {} : { network }),
    ...(anchor === undefined ? {} : { anchor }),
  }
}

/** The network whose logs a directory holds. Faults `store-io`. */
export function networkOf(dir: string): CID {
  const files = LogFiles.open(dir, offline.crypto.sha256)
  files.close()
  return files.net
}

/** Keeps a file that replays in a stored network, as a CAR. Gives its path. */
export function keepImported(dir: string, thread: string, from: string): string {
  const path = importedPath(dir, thread)
  mkdirSync(dirname(path), { recursive: true })
  convert(from, path, 'car')
  return path
}
