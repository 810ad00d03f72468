import { Worker } from 'node:worker_threads'
import { FaultError } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { SecondOpinion, SignatureCheck, SpendChecks } from '../../ports/second-opinion.ts'
import type { CheckBatch, VerdictBatch } from './second-opinion-worker.ts'

/** Where the worker's code is: a module's address, or its text (a bundle, in a single executable). */
export type WorkerSource =
  | { readonly kind: 'module'; readonly url: URL }
  | { readonly kind: 'text'; readonly text: string }

export interface SecondOpinionLimits {
  /** Checks that wait or are being decided. */
  readonly queueChecksMax: number
  /** Bytes of their messages. */
  readonly queueBytesMax: number
  /** Checks in one message to the worker: one round trip costs as much as 50 of them cost to carry. */
  readonly batchChecksMax: number
  readonly messageBytesMax: number
}

export const SECOND_OPINION_LIMITS: SecondOpinionLimits = {
  queueChecksMax: 1024,
  queueBytesMax: 4_194_304,
  batchChecksMax: 64,
  messageBytesMax: 1_048_576,
}

export interface SecondOpinionOptions {
  readonly spend: SpendChecks
  readonly source?: WorkerSource
  readonly limits?: SecondOpinionLimits
}

/**
 * The second opinion in one worker thread, started by the first check that needs it and again after it ended.
 * The caller closes it. A thread with nothing to do does not keep the process alive.
 */
export function openSecondOpinion({ spend, source, limits }: SecondOpinionOptions): SecondOpinion {
  return new WorkerOpinion(spend, source ?? WORKER_MODULE, limits ?? SECOND_OPINION_LIMITS)
}

const WORKER_MODULE: WorkerSource = {
  kind: 'module',
  url: new URL('./second-opinion-worker.ts', import.meta.url),
}

/** The one place where the worker thread is made. It gets no environment and none of this process's flags. */
function startWorker(source: WorkerSource): Worker {
  const options = {
    name: 'second-opinion',
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  }
  return source.kind === 'module'
    ? new Worker(source.url, options)
    : new Worker(source.text, { ...options, eval: true })
}

/** Checks of one call that were admitted, with the promise that waits for them. */
interface Job {
  readonly checks: readonly SignatureCheck[]
  readonly bytes: number
  readonly resolve: (accepted: readonly boolean[]) => void
  readonly fail: (fault: FaultError) => void
}

class WorkerOpinion implements SecondOpinion {
  readonly #spend: SpendChecks
  readonly #source: WorkerSource
  readonly #limits: SecondOpinionLimits
  #worker: Worker | undefined
  #waiting: Job[] = []
  #deciding: readonly Job[] = []
  #checksHeld = 0
  #bytesHeld = 0
  #closed = false

  constructor(spend: SpendChecks, source: WorkerSource, limits: SecondOpinionLimits) {
    this.#spend = spend
    this.#source = source
    this.#limits = limits
  }

  async verdicts(
    peer: string,
    checks: readonly SignatureCheck[],
  ): Promise<readonly Result<boolean, Rejection>[]> {
    if (this.#closed) throw new FaultError('worker', 'the second opinion is closed')
    const small = checks.filter((check) => check.message.length <= this.#limits.messageBytesMax)
    const admitted = this.#admit(peer, small)
    const accepted = admitted.length === 0 ? [] : await this.#decide(admitted)
    let next = 0
    return checks.map((check) => {
      if (check.message.length > this.#limits.messageBytesMax) return tooLarge(this.#limits)
      const verdict = accepted[next++]
      return verdict === undefined ? RATE_LIMITED : ok(verdict)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const worker = this.#worker
    this.#failAll(new FaultError('worker', 'the second opinion was closed'))
    await worker?.terminate()
  }

  /** The checks at the front for which there is room and budget. Room first: a full queue must not spend the budget. */
  #admit(peer: string, checks: readonly SignatureCheck[]): readonly SignatureCheck[] {
    let bytes = this.#bytesHeld
    let room = 0
    for (const check of checks) {
      bytes += check.message.length
      if (bytes > this.#limits.queueBytesMax || this.#checksHeld + room >= this.#limits.queueChecksMax) break
      room += 1
    }
    return room === 0 ? [] : checks.slice(0, this.#spend(peer, room)).map(copied)
  }

  #decide(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    const bytes = checks.reduce((sum, check) => sum + check.message.length, 0)
    this.#checksHeld += checks.length
    this.#bytesHeld += bytes
    return new Promise((resolve, fail) => {
      this.#waiting.push({ checks, bytes, resolve, fail })
      this.#dispatch()
    })
  }

  /** One batch at a time: what comes meanwhile waits and goes together. */
  #dispatch(): void {
    if (this.#deciding.length > 0 || this.#waiting.length === 0) return
    const worker = this.#running()
    if (worker === undefined) return
    this.#deciding = this.#nextBatch()
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    worker.postMessage({ checks: this.#deciding.flatMap((job) => job.checks) } satisfies CheckBatch)
  }

  /** Whole jobs, up to the batch's size, at least one. */
  #nextBatch(): readonly Job[] {
    let checks = 0
    const end = this.#waiting.findIndex((job, at) => {
      checks += job.checks.length
      return at > 0 && checks > this.#limits.batchChecksMax
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  /** Undefined when no thread could be started; then all that waited has failed. */
  #running(): Worker | undefined {
    if (this.#worker !== undefined) return this.#worker
    try {
      return this.#started(startWorker(this.#source))
    } catch (cause) {
      this.#failAll(new FaultError('worker', 'no worker thread could be started', { cause }))
      return undefined
    }
  }

  #started(worker: Worker): Worker {
    worker.on('message', (verdicts: VerdictBatch) => this.#settle(worker, verdicts))
    worker.on('error', (cause) => this.#ended(worker, cause))
    worker.on('exit', (code) => this.#ended(worker, new Error(`exit code ${code}`)))
    this.#worker = worker
    return worker
  }

  #settle(worker: Worker, { accepted }: VerdictBatch): void {
    if (worker !== this.#worker) return
    const decided = this.#deciding
    this.#deciding = []
    worker.unref()
    let from = 0
    for (const job of decided) {
      this.#release(job)
      job.resolve(accepted.slice(from, from + job.checks.length))
      from += job.checks.length
    }
    this.#dispatch()
  }

  #ended(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return
    this.#failAll(new FaultError('worker', "the second opinion's worker thread ended", { cause }))
  }

  #failAll(fault: FaultError): void {
    const jobs = [...this.#deciding, ...this.#waiting]
    this.#worker = undefined
    this.#deciding = []
    this.#waiting = []
    for (const job of jobs) {
      this.#release(job)
      job.fail(fault)
    }
  }

  #release(job: Job): void {
    this.#checksHeld -= job.checks.length
    this.#bytesHeld -= job.bytes
  }
}

const RATE_LIMITED = reject(
  'RATE_LIMITED',
  'no second opinion now: the budget of this peer or of all is spent',
)

function tooLarge(limits: SecondOpinionLimits): Result<boolean, Rejection> {
  return reject('TOO_LARGE', `a signed message has at most ${limits.messageBytesMax} bytes`)
}

/** Own arrays: a view into a received frame would carry the whole frame to the worker. */
function copied({ key, message, signature }: SignatureCheck): SignatureCheck {
  return { key: key.slice() as typeof key, message: message.slice(), signature: signature.slice() }
}
