import { FaultError } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type { TaskPlan } from './plan-task.ts'
import type { Answer, Order } from './serve-tasks.ts'
import type { WasmJob, WasmOutcome } from './task-site.ts'
import { TaskThread, type WorkerSource } from './task-thread.ts'

export interface TaskPoolOptions {
  /** The module that calls `serveTasks`. */
  readonly source: WorkerSource
  /** Threads at most, each started when it is first needed. */
  readonly threadsMax: number
  /** Orders that wait for a thread. */
  readonly queueMax: number
  readonly clock: Clock
}

/** What a run rejects with that took too long; its thread is ended. */
export class WallLimit extends Error {}

/** Against a machine that is too slow: metering the largest module takes seconds. */
const PLAN_MS_MAX = 120_000

interface Waiting {
  readonly order: Order
  readonly wallMsMax: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
}

interface Busy {
  readonly thread: TaskThread
  /** Stops the clock that runs against it. */
  readonly cancel: () => void
}

/**
 * Worker threads for tasks of WebAssembly, so that none of them ever holds up the event loop. Idle threads do not keep
 * the process alive. Each does one order at a time.
 */
export class TaskPool {
  readonly #options: TaskPoolOptions
  readonly #idle: TaskThread[] = []
  readonly #busy = new Map<Waiting, Busy>()
  readonly #queue = new Set<Waiting>()
  #closed = false

  constructor(options: TaskPoolOptions) {
    this.#options = options
  }

  /** True: nothing more is taken at present. */
  get isFull(): boolean {
    return this.#queue.size >= this.#options.queueMax
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Meters and compiles a module, as `planTask` says. Faults `worker`. */
  async plan(wasm: Uint8Array, signal?: AbortSignal): Promise<Result<TaskPlan, Rejection>> {
    const answer = await this.#ask({ kind: 'plan', wasm: ownBytes(wasm) }, PLAN_MS_MAX, signal)
    if (answer.kind !== 'plan') throw faultOf(answer)
    return answer.plan
  }

  /**
   * Runs a task, as `TaskSite.run` says. Aborted, or after `wallMsMax` in its thread (`WallLimit`): the thread is ended
   * first. Faults `worker`.
   */
  async run(plan: TaskPlan, job: WasmJob, wallMsMax: number, signal?: AbortSignal): Promise<WasmOutcome> {
    const files = job.files.map(({ name, bytes }) => ({ name, bytes: ownBytes(bytes) }))
    const order: Order = { kind: 'run', plan, job: { ...job, files, input: ownBytes(job.input) } }
    const answer = await this.#ask(order, wallMsMax, signal)
    if (answer.kind !== 'run') throw faultOf(answer)
    return answer.outcome
  }

  async close(): Promise<void> {
    this.#closed = true
    const open = [...this.#busy.keys(), ...this.#queue]
    const threads = [...this.#idle.splice(0), ...open.flatMap((waiting) => this.#free(waiting) ?? [])]
    this.#queue.clear()
    await Promise.all(threads.map((thread) => thread.end()))
    for (const { reject } of open) reject(new FaultError('worker', 'tasks are run no more'))
  }

  async #ask(order: Order, wallMsMax: number, signal: AbortSignal | undefined): Promise<Answer> {
    signal?.throwIfAborted()
    if (this.#closed) throw new FaultError('worker', 'tasks are run no more')
    if (this.isFull) throw new FaultError('worker', 'too many tasks wait')
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const waiting: Waiting = { order, wallMsMax, resolve, reject }
    const abort = (): void => void this.#drop(waiting, signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    this.#queue.add(waiting)
    this.#next()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Gives what waits to threads that are free. */
  #next(): void {
    for (const waiting of this.#queue) {
      if (this.#idle.length === 0 && this.#busy.size >= this.#options.threadsMax) return
      this.#queue.delete(waiting)
      this.#begin(waiting)
    }
  }

  #begin(waiting: Waiting): void {
    try {
      const thread = this.#idle.pop() ?? this.#start()
      const late = (): void => void this.#drop(waiting, new WallLimit('a task took too long'))
      this.#busy.set(waiting, { thread, cancel: this.#options.clock.after(waiting.wallMsMax, late) })
      thread.send(waiting.order)
    } catch (cause) {
      this.#free(waiting)
      waiting.reject(new FaultError('worker', 'no thread for tasks could be started', { cause }))
    }
  }

  #start(): TaskThread {
    const thread: TaskThread = new TaskThread(this.#options.source, {
      answered: (answer) => this.#answered(thread, answer),
      ended: (cause) => this.#lost(thread, cause),
    })
    return thread
  }

  #answered(thread: TaskThread, answer: Answer): void {
    const waiting = this.#taskOf(thread)
    if (waiting !== undefined) this.#free(waiting)
    this.#idle.push(thread)
    this.#next()
    waiting?.resolve(answer)
  }

  #lost(thread: TaskThread, cause: unknown): void {
    const at = this.#idle.indexOf(thread)
    if (at !== -1) this.#idle.splice(at, 1)
    const waiting = this.#taskOf(thread)
    if (waiting !== undefined) this.#free(waiting)
    waiting?.reject(new FaultError('worker', 'a thread for tasks ended', { cause }))
    this.#next()
  }

  async #drop(waiting: Waiting, reason: unknown): Promise<void> {
    this.#queue.delete(waiting)
    await this.#free(waiting)?.end()
    waiting.reject(reason)
    this.#next()
  }

  /** The thread that did it, which is nobody's now. */
  #free(waiting: Waiting): TaskThread | undefined {
    const busy = this.#busy.get(waiting)
    this.#busy.delete(waiting)
    busy?.cancel()
    return busy?.thread
  }

  #taskOf(thread: TaskThread): Waiting | undefined {
    for (const [waiting, busy] of this.#busy) if (busy.thread === thread) return waiting
    return undefined
  }
}

/** What is sent takes the whole buffer along that it is a view of. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function faultOf(answer: Answer): FaultError {
  return new FaultError('worker', answer.kind === 'fault' ? answer.message : 'a thread gave the wrong answer')
}
