import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { LogFiles } from '../../adapters/log-files/log-files.ts'
import type { CID } from '../../codec/cid.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import { type ReplayOptions, type ReplayReport, replay } from '../../replay/replay.ts'
import { offline } from '../offline.ts'
import { openPolicyEngine } from '../policy/runtime.ts'
import { convert, importedPath } from './export.ts'
import { openPieces } from './files.ts'

export interface ReplayRequest extends Pick<ReplayOptions, 'allowUnchecked'> {
  readonly path: string
  readonly network: CID | undefined
  readonly anchor: ReplayOptions['anchor']
  /** Called now and then: part of the file that was read, 0 to 1, and items so far. */
  readonly progress: (share: number, events: number) => void
}

/** Replays a file. Faults `store-io` for one that cannot be read. */
export async function replayFile(request: ReplayRequest): Promise<ReplayReport> {
  const policy = openPolicyEngine()
  try {
    const { size, pieces } = openPieces(request.path)
    const run = replay(pieces, { ...optionsOf(request), policy })
    for (;;) {
      const next = run.next()
      if (next.done === true) return next.value
      request.progress(size === 0 ? 1 : next.value.byte / size, next.value.events)
    }
  } finally {
    await policy.close()
  }
}

function optionsOf({ network, anchor, allowUnchecked }: ReplayRequest): ReplayOptions {
  return {
    allowUnchecked,
    crypto: offline.crypto,
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
