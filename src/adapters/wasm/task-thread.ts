import { Worker } from 'node:worker_threads'
import type { Answer, Order } from './serve-tasks.ts'

/** Where the thread's code is: a module's address, or its text (a bundle, in a single executable). */
export type WorkerSource =
  | { readonly kind: 'module'; readonly url: URL }
  | { readonly kind: 'text'; readonly text: string }

/** Of the thread's own heap; the memory of a task is bounded by the meter. */
const HEAP_MEGABYTES_MAX = 256
/** Room for the calls that the meter allows and those of the host above them. */
const STACK_MEGABYTES = 4

export interface ThreadEvents {
  readonly answered: (answer: Answer) => void
  /** The thread is no more, by its own fault. */
  readonly ended: (cause: unknown) => void
}

/** One thread that does one order after another. It gets no environment and none of this process's flags. */
export class TaskThread {
  readonly #worker: Worker
  #events: ThreadEvents | undefined

  /** Throws when no thread can be started. */
  constructor(source: WorkerSource, events: ThreadEvents) {
    this.#events = events
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX, stackSizeMb: STACK_MEGABYTES }
    const options = { name: 'tasks', env: {}, execArgv: [], resourceLimits }
    this.#worker =
      source.kind === 'module'
        ? new Worker(source.url, options)
        : new Worker(source.text, { ...options, eval: true })
    this.#worker.on('message', (answer: Answer) => {
      this.#worker.unref()
      this.#events?.answered(answer)
    })
    this.#worker.on('error', (cause) => this.#ended(cause))
    this.#worker.on('exit', (code) => this.#ended(new Error(`exit code ${code}`)))
  }

  send(order: Order): void {
    this.#worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage(order)
  }

  /** Ends the thread in the middle of whatever it does; nothing is told any more. */
  async end(): Promise<void> {
    this.#events = undefined
    await this.#worker.terminate()
  }

  #ended(cause: unknown): void {
    const events = this.#events
    this.#events = undefined
    events?.ended(cause)
  }
}
