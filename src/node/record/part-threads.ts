import { getCompileCacheDir } from 'node:module'
import { Worker } from 'node:worker_threads'
import { FaultError } from '../../model/fault.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import type { Part, PartGround, PartResult, PartThreads } from '../../replay/parts.ts'
import { type PackedSum, type PackedViews, packPart, packViews, unpackSum } from './packed-part.ts'

/** What a thread is made with. */
export interface ThreadData {
  /** Where Node keeps what it compiled, if it does. */
  readonly compiled: string | undefined
}

export interface ThreadGround extends Omit<PartGround, 'blocks'> {
  readonly blocks: PackedViews
}

/** What a thread answers. */
export type ThreadResult = PackedSum | { readonly number: number; readonly isFlawed: true }

const PART_BYTES_MAX = 4_194_304
/** Parts that wait for one thread beside the one that it does: enough for it never to wait, and few at the end. */
const WAITING_MAX = 3

interface Thread {
  readonly worker: Worker
  given: number
}

/** Without views of pieces of the file, which would go along whole. */
function copyOf({ roster, registry, beacon, ...facts }: SlotFacts): SlotFacts {
  const hashes = { roster: roster.slice(), registry: registry.slice() }
  return { ...facts, ...hashes, ...(beacon === undefined ? {} : { beacon: beacon.slice() }) }
}

/** Threads that do buckets of a file. The caller closes them. */
export class NodePartThreads implements PartThreads {
  readonly partBytesMax = PART_BYTES_MAX
  readonly #threads: readonly Thread[]
  #results: PartResult[] = []
  #fault: FaultError | undefined
  #wake: () => void = () => undefined

  constructor(threads: number) {
    const url = new URL('./part-thread.ts', import.meta.url)
    const workerData: ThreadData = { compiled: getCompileCacheDir() }
    this.#threads = Array.from({ length: threads }, () => {
      const worker = new Worker(url, { name: 'replay-part', env: {}, execArgv: [], workerData })
      const thread = { worker, given: 0 }
      worker.on('message', (result: ThreadResult) => this.#hear(thread, result))
      worker.on('error', (cause) => this.#fail(cause))
      return thread
    })
  }

  get hasRoom(): boolean {
    return this.#threads.some(({ given }) => given <= WAITING_MAX)
  }

  begin({ blocks, slots, ...ground }: PartGround): void {
    const copied = new Map([...slots].map(([n, facts]) => [n, copyOf(facts)]))
    const message: ThreadGround = { ...ground, slots: copied, blocks: packViews(blocks) }
    for (const { worker } of this.#threads) worker.postMessage(message, [])
  }

  /** To the thread that has least to do. The bytes are copied. */
  give(part: Part): void {
    const [idlest] = this.#threads.toSorted((a, b) => a.given - b.given)
    if (idlest === undefined) return
    const packed = packPart(part)
    idlest.given += 1
    idlest.worker.postMessage(packed, [packed.blocks.bytes.buffer])
  }

  take(): readonly PartResult[] {
    return this.#results.splice(0)
  }

  /** When a result has come that was not taken. Faults `worker`. */
  async arrival(): Promise<void> {
    while (this.#results.length === 0 && this.#fault === undefined) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#wake = () => resolve(undefined)
      await promise
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #hear(thread: Thread, result: ThreadResult): void {
    thread.given -= 1
    this.#results.push('isFlawed' in result ? result : unpackSum(result))
    this.#wake()
  }

  #fail(cause: unknown): void {
    this.#fault = new FaultError('worker', 'a thread that replays buckets ended', { cause })
    this.#wake()
  }
}
