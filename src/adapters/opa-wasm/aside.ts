import { Worker } from 'node:worker_threads'
import { FaultError } from '../../model/fault.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import type { AsideAnswer, AsideJob, SentPlan } from './aside-worker.ts'
import type { EvaluationPlan } from './evaluator.ts'

/** Where the worker's code is: a module's address, or its text (a bundle, in a single executable). */
export type WorkerSource =
  | { readonly kind: 'module'; readonly url: URL }
  | { readonly kind: 'text'; readonly text: string }

const WORKER_MODULE: WorkerSource = { kind: 'module', url: new URL('./aside-worker.ts', import.meta.url) }

/** Of inputs that wait or are being evaluated. */
const QUEUE_BYTES_MAX = 67_108_864

interface Waiting {
  readonly bytes: number
  readonly resolve: (evaluations: readonly Evaluation[]) => void
  readonly fail: (fault: FaultError) => void
}

/**
 * A worker thread that evaluates what takes long: started by the first that does, and again after it ended. With
 * nothing to do it does not keep the process alive. Nothing needs to be stopped there: gas ends every evaluation.
 */
export class AsideThread {
  readonly #source: WorkerSource
  #worker: Worker | undefined
  #waiting = new Map<number, Waiting>()
  #bytes = 0
  #nextJob = 0
  #closed = false

  constructor(source: WorkerSource = WORKER_MODULE) {
    this.#source = source
  }

  /** Faults `worker`. */
  evaluateList(
    hash: Uint8Array,
    plan: EvaluationPlan,
    inputs: readonly Uint8Array[],
    gasMax: number,
  ): Promise<readonly Evaluation[]> {
    const bytes = inputs.reduce((sum, input) => sum + input.length, 0)
    if (this.#closed) throw new FaultError('worker', 'the policy engine is closed')
    if (this.#bytes + bytes > QUEUE_BYTES_MAX) throw new FaultError('worker', 'too much waits for evaluation')
    const job = this.#nextJob++
    const message: AsideJob = {
      job,
      key: hash.toHex(),
      plan: sentPlan(plan),
      inputs: inputs.map(ownBytes),
      gasMax,
    }
    return new Promise((resolve, fail) => {
      this.#waiting.set(job, { bytes, resolve, fail })
      this.#bytes += bytes
      this.#send(message)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const worker = this.#worker
    this.#failAll(new FaultError('worker', 'the policy engine was closed'))
    await worker?.terminate()
  }

  #send(message: AsideJob): void {
    try {
      this.#worker ??= this.#start()
      this.#worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      this.#worker.postMessage(message)
    } catch (cause) {
      this.#failAll(new FaultError('worker', 'no worker thread could be started', { cause }))
    }
  }

  /** It gets no environment and none of this process's flags. */
  #start(): Worker {
    const options = { name: 'policy', env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 128 } }
    const worker =
      this.#source.kind === 'module'
        ? new Worker(this.#source.url, options)
        : new Worker(this.#source.text, { ...options, eval: true })
    worker.on('message', (answer: AsideAnswer) => this.#settle(worker, answer))
    worker.on('error', (cause) => this.#ended(worker, cause))
    worker.on('exit', (code) => this.#ended(worker, new Error(`exit code ${code}`)))
    return worker
  }

  #settle(worker: Worker, { job, evaluations }: AsideAnswer): void {
    const waiting = this.#waiting.get(job)
    if (worker !== this.#worker || waiting === undefined) return
    this.#waiting.delete(job)
    this.#bytes -= waiting.bytes
    if (this.#waiting.size === 0) worker.unref()
    waiting.resolve(evaluations)
  }

  #ended(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return
    this.#failAll(new FaultError('worker', 'the worker thread for policies ended', { cause }))
  }

  #failAll(fault: FaultError): void {
    const failed = [...this.#waiting.values()]
    this.#worker = undefined
    this.#waiting = new Map()
    this.#bytes = 0
    for (const { fail } of failed) fail(fault)
  }
}

/** What is sent takes the whole buffer along that it is a view of. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
}

/** Functions cannot be sent: the host's go by their names. */
function sentPlan({ builtins, ...plan }: EvaluationPlan): SentPlan {
  return { ...plan, builtins: new Map(Array.from(builtins, ([id, { name }]) => [id, name])) }
}
