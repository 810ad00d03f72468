import { checkJob, inputBytes } from '../../codec/job/check-job.ts'
import { FaultError } from '../../model/fault.ts'
import { isolates } from '../../model/isolation.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Job } from '../../ports/job.ts'
import type { RefusalCode, Runner, RunOutcome, Usage } from '../../ports/runner.ts'
import type { TaskPlan } from './plan-task.ts'
import { taskJob, type WasmLimits } from './task-job.ts'
import { type TaskPool, WallLimit } from './task-pool.ts'
import type { WasmOutcome } from './task-site.ts'

export interface WasmRunnerOptions {
  /** Of the caller, who closes it; many runners may share it. */
  readonly pool: TaskPool
  /** The module as its author made it. */
  readonly wasm: Uint8Array
  readonly limits: WasmLimits
  readonly clock: Clock
}

/** A runner for one module. It is looked at when the first job comes; a bad one is refused with each. */
export function openWasmRunner(options: WasmRunnerOptions): Runner {
  return new WasmRunner(options)
}

class WasmRunner implements Runner {
  readonly isDeterministic = true
  readonly isolation = 'sandbox'
  readonly #options: WasmRunnerOptions
  readonly #running = new Set<AbortController>()
  #plan: Promise<Result<TaskPlan, Rejection>> | undefined
  #closed = false

  constructor(options: WasmRunnerOptions) {
    this.#options = options
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
      return await this.#runChecked(job, stop.signal)
    } finally {
      this.#running.delete(stop)
      signal?.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#running) stop.abort(new FaultError('worker', 'the runner was closed'))
    await Promise.resolve()
  }

  #refusalOf(job: Job): RunOutcome | undefined {
    if (this.#closed || this.#options.pool.isClosed) return refused('closed', 'the runner is closed')
    const checked = checkJob(job)
    if (!checked.ok) return refused('job', checked.error.message)
    const { isolation = 'none' } = job
    if (!isolates(this.isolation, isolation)) {
      return refused('isolation', `WebAssembly gives ${this.isolation}, the task asks for ${isolation}`)
    }
    return this.#options.pool.isFull ? refused('busy', 'too many tasks wait') : undefined
  }

  async #runChecked(job: Job, signal: AbortSignal): Promise<RunOutcome> {
    const { pool, limits, clock } = this.#options
    const plan = await this.#planned(signal)
    if (!plan.ok) return refused('module', plan.error.message)
    const start = clock.monotonicMs()
    const usage = (outcome?: WasmOutcome): Usage => ({
      ...(outcome === undefined ? {} : { gas: outcome.gas }),
      bytes: inputBytes(job) + (outcome?.kind === 'done' ? outcome.output.length : 0),
      wallMs: Math.round(clock.monotonicMs() - start),
    })
    const { task, wallMsMax } = taskJob(job, limits)
    const outcome = await settled(pool.run(plan.value, task, wallMsMax, signal))
    return outcome === 'wall'
      ? { kind: 'limited', limit: 'wall', stderr: '', usage: usage() }
      : outcomeOf(outcome, usage(outcome))
  }

  /** Asked once, for all jobs; again only when the machine failed. */
  async #planned(signal: AbortSignal): Promise<Result<TaskPlan, Rejection>> {
    const { pool, wasm } = this.#options
    this.#plan ??= pool.plan(wasm)
    const plan = this.#plan
    try {
      return await unlessAborted(plan, signal)
    } catch (error) {
      if (!signal.aborted && this.#plan === plan) this.#plan = undefined
      throw error
    }
  }
}

/** The promise, or the signal's reason when that comes first: what others wait for goes on. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function settled(run: Promise<WasmOutcome>): Promise<WasmOutcome | 'wall'> {
  try {
    return await run
  } catch (error) {
    if (error instanceof WallLimit) return 'wall'
    throw error
  }
}

function outcomeOf(outcome: WasmOutcome, usage: Usage): RunOutcome {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'done', output: outcome.output, usage }
    case 'exited':
      return { kind: 'failed', exit: { kind: 'code', code: outcome.code }, stderr: outcome.stderr, usage }
    case 'trapped':
      return { kind: 'failed', exit: { kind: 'trap' }, stderr: outcome.stderr, usage }
    case 'limited':
      return { kind: 'limited', limit: outcome.limit, stderr: outcome.stderr, usage }
    default:
      return outcome satisfies never
  }
}

function refused(code: RefusalCode, why: string): RunOutcome {
  return { kind: 'refused', code, why }
}
