import { checkJob, inputBytes } from '../../codec/job/check-job.ts'
import { taskDocument } from '../../codec/job/task-document.ts'
import { FaultError } from '../../model/fault.ts'
import { type Isolation, isolates, strictest } from '../../model/isolation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Job } from '../../ports/job.ts'
import type { LimitName, RefusalCode, Runner, RunOutcome } from '../../ports/runner.ts'
import { Child } from './child.ts'
import { type JobFolder, makeJobFolder, removeJobFolder } from './job-folder.ts'
import { judgeRun } from './judge-run.ts'
import {
  findTools,
  type Launch,
  launchPlain,
  launchSandboxed,
  type SandboxMode,
  type Tools,
} from './launch.ts'
import type { ExecLimits } from './limits.ts'
import { findSandboxMode, uidOfSlot } from './sandbox-mode.ts'
import { findProgram, missingForVm } from './tools.ts'
import { Watch } from './watch.ts'

export interface ExecRunnerOptions {
  /** Program and arguments. The program is a path or a name that is on `SEARCH_PATH`. */
  readonly command: readonly [string, ...string[]]
  /** What the operator lets this command run in. */
  readonly isolation: Isolation
  /** The operator's least for strangers' work. */
  readonly least: Isolation
  /** The operator's word that level `none` is meant. */
  readonly unsafe: boolean
  readonly limits: ExecLimits
  /** Variables of the allow-list, with their values: all that the command gets besides a fixed few. */
  readonly environment: Readonly<Record<string, string>>
  /** Files and folders that a sandbox shows read-only besides the system's: absolute paths. */
  readonly readable: readonly string[]
  /** Where private directories are made; made when it is not there. What a killed node left in it may be removed. */
  readonly folder: string
  readonly jobsMax: number
  readonly clock: Clock
}

/**
 * A runner for one command: JSON on its standard input (`taskDocument`), input files in a private directory, the result
 * on standard output or as the file that the JSON names. Exit code 0 and a result is `done`.
 */
export function openExecRunner(options: ExecRunnerOptions): CommandRunner {
  return new ExecRunner(options)
}

/** A runner that can say before any job why none would be run: what is missing on this machine. Undefined: nothing is. */
export interface CommandRunner extends Runner {
  lack(): Promise<string | undefined>
}

/** What a job is run with, or why it is not. */
type Readiness =
  | { readonly kind: 'ready'; readonly tools: Tools; readonly sandbox: SandboxMode | undefined }
  | Extract<RunOutcome, { kind: 'refused' }>

class ExecRunner implements CommandRunner {
  readonly isDeterministic = false
  readonly isolation: Isolation
  readonly #options: ExecRunnerOptions
  readonly #running = new Set<AbortController>()
  readonly #slots = new Set<number>()
  #sandbox: Promise<SandboxMode | string> | undefined
  #closed = false

  constructor(options: ExecRunnerOptions) {
    this.#options = options
    this.isolation = options.isolation
  }

  async run(job: Job, signal?: AbortSignal): Promise<RunOutcome> {
    signal?.throwIfAborted()
    const refusal = this.#refusalOf(job)
    if (refusal !== undefined) return refusal
    const stop = new AbortController()
    const abort = (): void => stop.abort(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    this.#running.add(stop)
    try {
      const readiness = await this.#readiness()
      return readiness.kind === 'refused' ? readiness : await this.#runReady(job, readiness, stop.signal)
    } finally {
      this.#running.delete(stop)
      signal?.removeEventListener('abort', abort)
    }
  }

  async lack(): Promise<string | undefined> {
    const readiness = await this.#readiness()
    return readiness.kind === 'refused' ? readiness.why : undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#running) stop.abort(new FaultError('worker', 'the runner was closed'))
    await Promise.resolve()
  }

  /** What can be said at once. */
  #refusalOf(job: Job): RunOutcome | undefined {
    const { isolation, least, unsafe, jobsMax } = this.#options
    if (this.#closed) return refused('closed', 'the runner is closed')
    const checked = checkJob(job)
    if (!checked.ok) return refused('job', checked.error.message)
    const wanted = strictest(least, job.isolation)
    if (!isolates(isolation, wanted)) {
      return refused('isolation', `the command runs at level ${isolation}, the task asks for ${wanted}`)
    }
    if (isolation === 'none' && !unsafe) return refused('unsafe', 'level none needs the word unsafe')
    if (isolation === 'vm') return refused('missing', `level vm needs ${missingForVm().join(', ')}`)
    return this.#running.size >= jobsMax ? refused('busy', `${jobsMax} tasks are running`) : undefined
  }

  async #readiness(): Promise<Readiness> {
    const { command, isolation } = this.#options
    const tools = findTools()
    if (tools === undefined) return refused('missing', 'prlimit (util-linux) is not installed')
    if (findProgram(command[0]) === undefined) return refused('missing', `${command[0]} is no program here`)
    if (isolation === 'none') return { kind: 'ready', tools, sandbox: undefined }
    this.#sandbox ??= this.#findSandbox(tools)
    const sandbox = await this.#sandbox
    if (typeof sandbox !== 'string') return { kind: 'ready', tools, sandbox }
    this.#sandbox = undefined // it may be installed later
    return refused('missing', sandbox)
  }

  async #findSandbox(tools: Tools): Promise<SandboxMode | string> {
    const { folder: parent, clock } = this.#options
    const folder = await makeJobFolder(parent, { input: new Uint8Array(0) }, undefined)
    try {
      return await findSandboxMode(tools, folder, clock)
    } finally {
      await removeJobFolder(folder)
    }
  }

  async #runReady(
    job: Job,
    { tools, sandbox }: Extract<Readiness, { kind: 'ready' }>,
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    const slot = this.#takeSlot()
    const uid = sandbox?.uid === undefined ? undefined : uidOfSlot(slot)
    const folder = await makeJobFolder(this.#options.folder, job, uid)
    try {
      const limits = limitsOf(job, this.#options.limits)
      const { command, environment, readable } = this.#options
      const launched = { command, limits, folder, environment, readable }
      const launch =
        sandbox === undefined
          ? launchPlain(tools, launched)
          : launchSandboxed(tools, { ...sandbox, uid }, launched)
      return await this.#runIn(job, folder, launch, limits, signal)
    } finally {
      await removeJobFolder(folder)
      this.#slots.delete(slot)
    }
  }

  async #runIn(
    job: Job,
    folder: JobFolder,
    launch: Launch,
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    signal.throwIfAborted()
    const { clock } = this.#options
    const start = clock.monotonicMs()
    const state: { limit?: LimitName } = {}
    const end = (limit: LimitName): void => {
      state.limit ??= limit
      child.kill()
    }
    const stdin = taskDocument(job, launch.folders)
    const command = { ...launch, folder: folder.output, stdin, stdoutBytesMax: limits.outputBytesMax }
    const child = new Child(command, clock, () => end('output'))
    const watch =
      child.pid === undefined ? undefined : new Watch({ pid: child.pid, folder, limits }, clock, end)
    const abort = (): void => child.kill()
    signal.addEventListener('abort', abort, { once: true })
    try {
      const exit = await child.ended()
      signal.throwIfAborted()
      const usage = { bytes: inputBytes(job), wallMs: Math.round(clock.monotonicMs() - start) }
      return await judgeRun({ child, exit, limit: state.limit, launch, folder, limits, usage })
    } finally {
      watch?.close()
      signal.removeEventListener('abort', abort)
    }
  }

  /** The lowest that no job has. */
  #takeSlot(): number {
    let slot = 0
    while (this.#slots.has(slot)) slot++
    this.#slots.add(slot)
    return slot
  }
}

function limitsOf({ limits = {} }: Job, most: ExecLimits): ExecLimits {
  return {
    ...most,
    wallMsMax: Math.min(limits.wallMsMax ?? most.wallMsMax, most.wallMsMax),
    outputBytesMax: Math.min(limits.outputBytesMax ?? most.outputBytesMax, most.outputBytesMax),
  }
}

function refused(code: RefusalCode, why: string): Extract<RunOutcome, { kind: 'refused' }> {
  return { kind: 'refused', code, why }
}
