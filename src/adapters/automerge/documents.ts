import { Worker } from 'node:worker_threads'
import { FaultError } from '../../model/fault.ts'
import type { Did, ThreadId } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  DocumentChange,
  PlanDocuments,
  ReadSyncMessage,
  SyncOutcome,
  SyncStep,
} from '../../ports/plan-documents.ts'
import type { DocumentsAnswer, DocumentsCall } from './documents-worker.ts'

export interface AutomergeDocumentsOptions {
  readonly clock: Clock
  /** Where the worker's code is: a module's address. */
  readonly worker?: URL
  /** One call, from the time when it is the next; 10 s when it is not said. */
  readonly callMsMax?: number
  /** Documents in memory; 256 when it is not said. */
  readonly documentsMax?: number
}

const WORKER = new URL('./documents-worker.ts', import.meta.url)
const HEAP_MB_MAX = 128
const CALLS_WAITING_MAX = 1_024

interface Waiting {
  readonly call: DocumentsCall
  readonly resolve: (answer: DocumentsAnswer) => void
  readonly reject: (fault: FaultError) => void
}

/**
 * Documents in a worker thread of capped memory, one call at a time. When it dies or is too slow over a call, that call
 * faults `worker`, the thread is started anew, and documents are made again from the changes that each call brings.
 */
export class AutomergeDocuments implements PlanDocuments {
  readonly #options: AutomergeDocumentsOptions
  readonly #waiting: Waiting[] = []
  /** Envelopes that the worker's document of each thread has; least used first. */
  readonly #held = new Map<string, Set<string>>()
  #worker: Worker | undefined
  #running: { readonly id: number; readonly waiting: Waiting; readonly stopTimer: () => void } | undefined
  #lastId = 0
  #isClosed = false

  constructor(options: AutomergeDocumentsOptions) {
    this.#options = options
  }

  async read(message: Uint8Array): Promise<Result<ReadSyncMessage, Rejection>> {
    return (await this.#ask({ kind: 'read', message })) as Result<ReadSyncMessage, Rejection>
  }

  async step(step: SyncStep): Promise<SyncOutcome> {
    return (await this.#ask({ kind: 'step', step })) as SyncOutcome
  }

  async save(thread: ThreadId, changes: readonly DocumentChange[]): Promise<Uint8Array> {
    return (await this.#ask({ kind: 'save', thread, changes })) as Uint8Array
  }

  endSync(thread: ThreadId, peer: Did): void {
    if (this.#held.has(thread)) this.#tell({ kind: 'endSync', thread, peer })
  }

  forget(thread: ThreadId): void {
    if (this.#held.has(thread)) this.#tell({ kind: 'forget', thread })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const worker = this.#worker
    this.#lose(new FaultError('worker', 'the documents were closed'), true)
    await worker?.terminate()
  }

  #ask(call: DocumentsCall): Promise<DocumentsAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<DocumentsAnswer>()
    if (this.#isClosed || this.#waiting.length >= CALLS_WAITING_MAX)
      throw new FaultError('worker', this.#isClosed ? 'the documents are closed' : 'too many calls wait')
    this.#waiting.push({ call, resolve, reject })
    this.#next()
    return promise
  }

  /** Nobody waits; what a dead worker held is forgotten anyway. */
  #tell(call: DocumentsCall): void {
    if (!this.#isClosed) this.#ask(call).catch(() => undefined)
  }

  #next(): void {
    if (this.#running !== undefined) return
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#worker?.unref()
      return
    }
    const id = ++this.#lastId
    const { clock, callMsMax = 10_000 } = this.#options
    const late = new FaultError('worker', `a plan document took longer than ${callMsMax} ms`)
    this.#running = { id, waiting, stopTimer: clock.after(callMsMax, () => this.#lose(late, false)) }
    const worker = (this.#worker ??= this.#start())
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    worker.postMessage({ id, call: this.#narrowed(waiting.call) })
  }

  /** The call with the changes alone that the worker has not got; what it will hold then is noted. */
  #narrowed(call: DocumentsCall): DocumentsCall {
    switch (call.kind) {
      case 'step':
        return {
          kind: 'step',
          step: { ...call.step, changes: this.#news(call.step.thread, call.step.changes) },
        }
      case 'save':
        return { ...call, changes: this.#news(call.thread, call.changes) }
      case 'forget':
        this.#held.delete(call.thread)
        return call
      case 'read':
      case 'endSync':
        return call
      default:
        return call satisfies never
    }
  }

  #news(thread: string, changes: readonly DocumentChange[]): readonly DocumentChange[] {
    const held = this.#held.get(thread) ?? new Set()
    this.#held.delete(thread)
    this.#held.set(thread, held)
    const [oldest] = this.#held.keys()
    if (this.#held.size > (this.#options.documentsMax ?? 256) && oldest !== undefined)
      this.#tell({ kind: 'forget', thread: oldest })
    const news = changes.filter(({ envelope }) => !held.has(envelope))
    for (const { envelope } of news) held.add(envelope)
    return news
  }

  #start(): Worker {
    const resourceLimits = {
      maxOldGenerationSizeMb: HEAP_MB_MAX,
      maxYoungGenerationSizeMb: 16,
      stackSizeMb: 4,
    }
    const worker = new Worker(this.#options.worker ?? WORKER, { resourceLimits })
    worker.on('message', ({ id, answer }: { readonly id: number; readonly answer: DocumentsAnswer }) => {
      if (this.#running?.id !== id) return
      const { waiting, stopTimer } = this.#running
      this.#running = undefined
      stopTimer()
      waiting.resolve(answer)
      this.#next()
    })
    worker.on('error', (cause: unknown) => {
      if (this.#worker === worker)
        this.#lose(new FaultError('worker', 'the plan documents died', { cause }), false)
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#lose(new FaultError('worker', 'the plan documents ended'), false)
    })
    return worker
  }

  /** The worker is gone, with all that it held; the others' calls go on with a new one. */
  #lose(fault: FaultError, andAll: boolean): void {
    const worker = this.#worker
    const running = this.#running
    this.#worker = undefined
    this.#running = undefined
    this.#held.clear()
    void worker?.terminate()
    running?.stopTimer()
    running?.waiting.reject(fault)
    if (andAll) for (const { reject } of this.#waiting.splice(0)) reject(fault)
    else this.#next()
  }
}
