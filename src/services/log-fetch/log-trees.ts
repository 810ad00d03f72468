import { EMPTY_FRONTIER } from '../../codec/certificate/frontier.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogSource } from '../../ports/network-log.ts'

export interface LogTreesDeps {
  readonly archive: Pick<LogSource, 'count' | 'record'>
  readonly sha256: Sha256
  /** Runs a task once others had their turn. */
  readonly later: (task: () => void) => void
}

/** A stored log with what proves its pieces. */
export interface GrownLog {
  readonly tree: LogTree
  /** Number of the record of each leaf. */
  readonly records: readonly number[]
}

interface Growing extends GrownLog {
  readonly records: number[]
  /** Records that were looked at, certificates too. */
  seen: number
  /** Set while somebody reads. */
  underway: Promise<void> | undefined
}

/** Read between two turns of whoever else is there: about 2 ms. */
const SLICE_RECORDS = 128

/**
 * The trees of stored logs. Each is made when it is first asked for, from the records, and goes on with the log: 72 bytes
 * of memory a leaf. Reading gives way to others.
 */
export class LogTrees {
  readonly #deps: LogTreesDeps
  readonly #logs = new Map<number, Growing>()

  constructor(deps: LogTreesDeps) {
    this.#deps = deps
  }

  /** With every record that is stored when this is called. Faults as the archive. */
  async of(machine: number): Promise<GrownLog> {
    const log = this.#logs.get(machine) ?? {
      tree: new LogTree(EMPTY_FRONTIER, this.#deps.sha256),
      records: [],
      seen: 0,
      underway: undefined,
    }
    this.#logs.set(machine, log)
    const until = this.#deps.archive.count(machine)
    while (log.seen < until) {
      log.underway ??= this.#read(machine, log, until).finally(() => {
        log.underway = undefined
      })
      await log.underway
    }
    return log
  }

  async #read(machine: number, log: Growing, until: number): Promise<void> {
    while (log.seen < until) {
      const end = Math.min(until, log.seen + SLICE_RECORDS)
      for (; log.seen < end; log.seen++) this.#take(machine, log)
      if (log.seen < until) await new Promise<void>((resolve) => this.#deps.later(resolve))
    }
  }

  #take(machine: number, log: Growing): void {
    const { archive, sha256 } = this.#deps
    const record = archive.record(machine, log.seen)
    if (record.kind === 'certificate') return
    log.tree.append(leafHash(record.leaf, sha256))
    log.records.push(log.seen)
  }
}
