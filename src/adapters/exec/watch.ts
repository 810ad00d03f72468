import type { Clock } from '../../ports/clock.ts'
import type { LimitName } from '../../ports/runner.ts'
import { bytesWritten, type JobFolder } from './job-folder.ts'
import type { ExecLimits } from './limits.ts'
import { killProcesses, type ProcessUse, processesOf } from './process-table.ts'

/** Between two looks. */
const INTERVAL_MS = 100

export interface Watched {
  readonly pid: number
  readonly folder: JobFolder
  readonly limits: ExecLimits
}

/**
 * Looks after the processes of one job together, since the kernel's limits are for each of them: wall time, processor
 * time, memory, number, bytes on disk. What it finds first it tells once.
 */
export class Watch {
  readonly #watched: Watched
  readonly #clock: Clock
  readonly #exceeded: (limit: LimitName) => void
  readonly #known = new Map<number, ProcessUse>()
  readonly #cancelWall: () => void
  #cancelLook: () => void = () => {}
  #isOver = false

  constructor(watched: Watched, clock: Clock, exceeded: (limit: LimitName) => void) {
    this.#watched = watched
    this.#clock = clock
    this.#exceeded = exceeded
    this.#cancelWall = clock.after(watched.limits.wallMsMax, () => this.#tell('wall'))
    this.#lookLater()
  }

  /** Ends the watch, and whoever was seen and still lives, wherever it went. */
  close(): void {
    this.#isOver = true
    this.#cancelWall()
    this.#cancelLook()
    killProcesses(this.#known.values())
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after(INTERVAL_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { pid, folder, limits } = this.#watched
    const processes = processesOf(pid, this.#known.values())
    for (const each of processes) this.#known.set(each.pid, each)
    const limit = overLimit(processes, limits)
    if (limit !== undefined) this.#tell(limit)
    else if ((await bytesWritten(folder)) > limits.outputBytesMax) this.#tell('output')
    if (!this.#isOver) this.#lookLater()
  }

  #tell(limit: LimitName): void {
    if (!this.#isOver) this.#exceeded(limit)
    this.#isOver = true
  }
}

function overLimit(processes: readonly ProcessUse[], limits: ExecLimits): LimitName | undefined {
  const sum = (of: (use: ProcessUse) => number) => processes.reduce((total, use) => total + of(use), 0)
  if (sum(({ threads }) => threads) > limits.processesMax) return 'processes'
  if (sum(({ memoryBytes }) => memoryBytes) > limits.memoryBytesMax) return 'memory'
  return sum(({ cpuMs }) => cpuMs) > limits.cpuMsMax ? 'cpu' : undefined
}
