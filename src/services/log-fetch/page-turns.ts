import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { RoundRobin } from '../../model/round-robin.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Mesh } from '../../ports/mesh.ts'

export interface PageTurnsDeps {
  readonly mesh: Pick<Mesh, 'isConnected'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
}

/** What a task made, and how much work it was: in units of about 10 µs of processor. */
export interface Worked<Value> {
  readonly value: Value
  readonly work: number
}

const KIB = 1_024

/** What it costs to read leaves, or to send them: a unit for each, and one for each KiB. */
export function leafWork(leaves: number, bytes: number): number {
  return leaves + Math.ceil(bytes / KIB)
}

interface Waiting {
  /** Gives the work that it was; never rejects. */
  readonly run: () => Promise<number>
  readonly drop: () => void
}

/** Rates of work, each with what may be done at once. */
export interface WorkRates {
  readonly perSecond: number
  readonly burst: number
  readonly allPerSecond: number
  readonly allBurst: number
}

/** One peer has a fifth of a processor, all together have half of one. */
const WORK_RATES: WorkRates = { perSecond: 20_000, burst: 65_536, allPerSecond: 50_000, allBurst: 65_536 }
/** More than a peer may have under way: those that it gave up wait too. */
const PER_PEER_MAX = 4
const WAITING_MAX = 1_024

/**
 * Work for peers, one piece at a time: peers have their turns one after another, and a peer that had more than its rate allows, or
 * all of them together, wait until it is worked off. So one that asks as fast as it can hurries nobody, and one that lags far
 * behind has its pages one after another as fast as its rate allows, without being refused. Source: network.md (limits on
 * everything that a stranger can make a node do).
 */
export class PageTurns {
  readonly #deps: PageTurnsDeps
  readonly #waiting = new RoundRobin<Did, Waiting>(PER_PEER_MAX, WAITING_MAX)
  readonly #rates: TokenBuckets<Did>
  readonly #all: TokenBucket
  #isRunning = false
  #cancel: () => void = () => undefined

  constructor(deps: PageTurnsDeps, rates: WorkRates = WORK_RATES) {
    this.#deps = deps
    this.#rates = new TokenBuckets(rates.perSecond, rates.burst)
    this.#all = new TokenBucket(rates.allPerSecond, rates.allBurst, deps.clock.monotonicMs())
  }

  /** Undefined, and it is never done: too much waits. Faults `peer-gone`; rejects as the task. */
  async take<Value>(peer: Did, task: () => Promise<Worked<Value>>): Promise<Value | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const run = async (): Promise<number> => {
      try {
        const { value, work } = await task()
        const nowMs = this.#deps.clock.monotonicMs()
        this.#rates.of(peer, nowMs).takeLate(work, nowMs)
        resolve(value)
        return work
      } catch (error) {
        reject(error)
        return 0
      }
    }
    const drop = (): void => reject(new FaultError('peer-gone', `${peer} is gone`))
    if (!this.#waiting.offer(peer, { run, drop })) return undefined
    this.#next()
    return await promise
  }

  #next(): void {
    if (this.#isRunning) return
    this.#cancel()
    this.#dropGone()
    if (this.#waiting.size === 0) return
    const nowMs = this.#deps.clock.monotonicMs()
    const owed = (peer: Did): number => this.#rates.of(peer, nowMs).takeLate(0, nowMs)
    const waitMs = Math.max(this.#all.takeLate(0, nowMs), Math.min(...this.#waiting.owners.map(owed)))
    if (waitMs > 0) {
      this.#cancel = this.#deps.clock.after(waitMs, () => this.#next())
      return
    }
    const next = this.#waiting.take((peer) => owed(peer) === 0)
    if (next !== undefined) void this.#run(next)
  }

  async #run({ run }: Waiting): Promise<void> {
    this.#isRunning = true
    const work = await run()
    this.#all.takeLate(work, this.#deps.clock.monotonicMs())
    this.#isRunning = false
    this.#next()
  }

  #dropGone(): void {
    for (const peer of this.#waiting.owners) {
      if (this.#deps.mesh.isConnected(peer)) continue
      for (const { drop } of this.#waiting.drop(peer)) drop()
    }
  }
}
