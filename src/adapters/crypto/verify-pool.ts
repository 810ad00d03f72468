import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FaultError } from '../../model/fault.ts'
import { hasSizes, SignatureBatch } from './signature-batch.ts'
import type { BatchVerdict } from './verify-pool-worker.ts'

/** About ten milliseconds of work: what the last thread has left when the others are done. */
const BATCH_CHECKS = 64
/** Batches that are under way, for each thread: what waits is bounded by whoever offers and calls `room`. */
const BATCHES_MAX = 16

/** Batches that keep a thread going until it is looked at again; more would be left over when all else is done. */
const BATCHES_BUSY = 6

/**
 * Judges signatures by the rule in threads, one for each core but one; whoever offers one learns in the end whether all were
 * accepted. The caller closes it.
 */
export class VerifyPool {
  readonly #workers: readonly Worker[]
  readonly #batch = new SignatureBatch()
  #next = 0
  #pending = 0
  #accepted = true
  #fault: FaultError | undefined
  #waiting: (() => void)[] = []

  /** By default a core is left to whoever offers: it has its own work. */
  constructor(threads: number = Math.max(1, availableParallelism() - 1)) {
    const url = new URL('./verify-pool-worker.ts', import.meta.url)
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(url, { name: 'verify-pool', env: {}, execArgv: [] })
      worker.on('message', ({ accepted }: BatchVerdict) => this.#settle(accepted))
      worker.on('error', (cause) => this.#fail(cause))
      return worker
    })
  }

  /** The bytes are copied. */
  offer(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    if (hasSizes(key, signature)) this.#batch.add(key, message, signature)
    else this.#accepted = false
    if (this.#batch.count >= BATCH_CHECKS) this.#send()
  }

  /** The threads have enough to do: whoever offers may as well judge the next one itself. */
  get isBusy(): boolean {
    return this.#pending >= this.#workers.length * BATCHES_BUSY
  }

  /** When there is room for more. Faults `worker`. */
  async room(): Promise<void> {
    await this.#until(this.#workers.length * BATCHES_MAX)
  }

  /** True when all that was offered is accepted. Faults `worker`. */
  async end(): Promise<boolean> {
    this.#send()
    await this.#until(0)
    return this.#accepted
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #send(): void {
    if (this.#batch.count === 0) return
    const bytes = this.#batch.take()
    this.#workers[this.#next]?.postMessage(bytes, [bytes.buffer])
    this.#next = (this.#next + 1) % this.#workers.length
    this.#pending += 1
  }

  async #until(pendingMax: number): Promise<void> {
    while (this.#pending > pendingMax && this.#fault === undefined) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#waiting.push(() => resolve(undefined))
      await promise
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  #settle(accepted: boolean): void {
    this.#pending -= 1
    this.#accepted &&= accepted
    this.#wake()
  }

  #fail(cause: unknown): void {
    this.#fault = new FaultError('worker', 'a thread that judges signatures ended', { cause })
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}
