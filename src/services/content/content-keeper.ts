import type { CID } from '../../codec/cid.ts'
import { FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import {
  firstWanted,
  KEEPING_LIMITS,
  type KeepingLimits,
  type NamedContent,
  type OpenNeed,
  overBudget,
  settled,
  toStart,
  type Wanted,
} from './wanted.ts'

export interface ContentKeeperDeps {
  readonly store: ContentStore
  readonly clock: Clock
  /** All needs that are open now, from this node's replicated state. */
  readonly openNeeds: () => readonly OpenNeed[]
  /** The content is here and pinned until the need is over; said again after a restart. Must not throw. */
  readonly onHave: (need: string, cid: CID) => void
  /** A fault of the store that nobody waits for; sampled by whoever logs it. */
  readonly onFault: (fault: FaultError) => void
  readonly limits?: KeepingLimits
}

/** How often state and pins are compared. */
const RECONCILE_MS = 30_000
/** How often garbage is collected: every block is looked at. */
const COLLECT_MS = 600_000
/** A full store is collected down to this part of its quota, at most so often; then fetches are tried again. */
const AFTER_FULL = 0.75
const AFTER_FULL_MS = 30_000

interface Waiting {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * What a voter does for availability: fetches what open needs name, holds it by a pin of owner `need/<id>`, and lets go
 * when the need is over. Everything follows from the list of open needs, so that after a restart, or with every event
 * lost, it comes to the same. Source: lifecycle.md, "Availability"; network.md (reconcilers).
 */
export class ContentKeeper {
  readonly #deps: ContentKeeperDeps
  readonly #limits: KeepingLimits
  readonly #wanted = new Map<string, Map<string, Wanted>>()
  /** Of these, what waits or runs, by need and content: what is settled is not gone through each time. */
  readonly #unsettled = new Map<string, Wanted>()
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #stop = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  #cancelTimer = (): void => undefined
  #cancelRetry = (): void => undefined
  #collectAtMs = 0
  #makeRoomAtMs = 0

  private constructor(deps: ContentKeeperDeps) {
    this.#deps = deps
    this.#limits = deps.limits ?? KEEPING_LIMITS
  }

  /** Begins with what is open now; `close` ends it. */
  static open(deps: ContentKeeperDeps): ContentKeeper {
    const keeper = new ContentKeeper(deps)
    keeper.#tick()
    return keeper
  }

  /**
   * Resolves when the content is here and pinned for this need. Asked again while it is under way: the same attempt.
   * Faults as the store's `fetch`, `content-too-large` also over the need's budget; asking again later may help.
   */
  async keep(need: string, content: NamedContent): Promise<void> {
    this.#stop.signal.throwIfAborted()
    const wanted = this.#want(need, content)
    if (wanted.state === 'kept') return
    const isTooEarly = wanted.state === 'waiting' && wanted.notBeforeMs > this.#deps.clock.monotonicMs()
    if (wanted.fault !== undefined && (wanted.state === 'refused' || isTooEarly)) throw wanted.fault
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const key = keyOf(need, content.cid)
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), { resolve, reject }])
    this.#pump()
    await promise
  }

  /** The need is over: what it pinned may go. */
  over(need: string): void {
    const contents = [...(this.#wanted.get(need)?.values() ?? [])]
    this.#wanted.delete(need)
    for (const { cid } of contents) this.#unsettled.delete(keyOf(need, cid))
    const fault = new FaultError('content-not-found', 'the need is over')
    for (const wanted of contents) if (wanted.state === 'waiting') this.#answer(wanted, fault)
    this.#run(() => this.#letGo(need))
  }

  /** Compares the open needs with what is pinned: fetches what is missing, lets go of what is over. */
  reconcile(): void {
    const open = this.#deps.openNeeds()
    const names = new Set(open.map(({ need }) => need))
    for (const need of this.#wanted.keys()) if (!names.has(need)) this.over(need)
    for (const owner of this.#deps.store.owners(ownerOf(''))) {
      const need = owner.slice(ownerOf('').length)
      if (!names.has(need) && !this.#wanted.has(need)) this.over(need)
    }
    for (const { need, contents } of open) {
      for (const content of contents) {
        try {
          this.#want(need, content)
        } catch (error) {
          this.#tellFault(error)
        }
      }
    }
    this.#pump()
  }

  /** Ends what is under way; pins stay. */
  async close(): Promise<void> {
    this.#cancelTimer()
    this.#cancelRetry()
    this.#stop.abort(new FaultError('content-not-found', 'the node stops'))
    for (const waiting of this.#waiting.values())
      for (const { reject } of waiting) reject(this.#stop.signal.reason)
    this.#waiting.clear()
    await Promise.allSettled(this.#underWay)
  }

  #tick(): void {
    this.reconcile()
    if (this.#deps.clock.monotonicMs() >= this.#collectAtMs) this.#run(() => this.#collect())
    this.#cancelTimer = this.#deps.clock.after(RECONCILE_MS, () => this.#tick())
  }

  /** Takes a content in; throws a fault where a bound is reached. What is known already is as it was. */
  #want(need: string, content: NamedContent): Wanted {
    const ofNeed = this.#wanted.get(need) ?? new Map<string, Wanted>()
    const known = ofNeed.get(content.cid.toString())
    if (known !== undefined) return known
    const fault = overBudget([...ofNeed.values()], content, this.#limits) ?? this.#overWaiting()
    if (fault !== undefined) throw fault
    const wanted = firstWanted(need, content)
    this.#wanted.set(need, ofNeed)
    this.#put(wanted)
    return wanted
  }

  #overWaiting(): FaultError | undefined {
    const { waitingMax } = this.#limits
    if (this.#unsettled.size < waitingMax) return undefined
    return new FaultError('content-timed-out', `${waitingMax} contents are waited for already`)
  }

  /** Begins what may begin, and sets the clock for what has to wait. */
  #pump(): void {
    if (this.#stop.signal.aborted) return
    const now = this.#deps.clock.monotonicMs()
    for (const wanted of toStart([...this.#unsettled.values()], now, this.#limits)) {
      this.#put({ ...wanted, state: 'running' })
      this.#run(() => this.#attempt(wanted))
    }
    this.#cancelRetry()
    let nextMs = Number.POSITIVE_INFINITY
    for (const { state, notBeforeMs } of this.#unsettled.values())
      if (state === 'waiting' && notBeforeMs > now) nextMs = Math.min(nextMs, notBeforeMs)
    if (nextMs === Number.POSITIVE_INFINITY) return
    this.#cancelRetry = this.#deps.clock.after(nextMs - now, () => this.#pump())
  }

  async #attempt(wanted: Wanted): Promise<void> {
    const outcome = await this.#fetch(wanted)
    const { need, cid } = wanted
    if (this.#wanted.get(need)?.has(cid.toString()) !== true) {
      // The need is over meanwhile, and may have been before the pin was there.
      await this.#letGo(need)
      this.#answer(wanted, new FaultError('content-not-found', 'the need is over'))
      return
    }
    const result = settled(wanted, outcome, this.#deps.clock.monotonicMs())
    this.#put(result)
    if (result.state === 'kept') this.#deps.onHave(need, cid)
    if (result.state === 'refused') await this.#deps.store.unpin(ownerOf(need), cid)
    if (result.fault?.code === 'store-full') await this.#makeRoom()
    this.#answer(wanted, result.fault)
    this.#pump()
  }

  async #fetch({ need, cid, size, from }: Wanted): Promise<{ size: number } | { fault: FaultError }> {
    const { store } = this.#deps
    const bytesMax = size ?? FETCHED_CONTENT_BYTES_MAX
    try {
      // First the pin: what comes is never garbage, not even what came of an attempt that ran out of time.
      await store.pin(cid, ownerOf(need))
      const { attemptMs } = this.#limits
      return {
        size: await store.fetch(cid, { bytesMax, timeoutMs: attemptMs, from, signal: this.#stop.signal }),
      }
    } catch (error) {
      if (error instanceof FaultError) return { fault: error }
      throw error
    }
  }

  #answer({ need, cid }: Wanted, fault: FaultError | undefined): void {
    const key = keyOf(need, cid)
    const waiting = this.#waiting.get(key) ?? []
    this.#waiting.delete(key)
    for (const { resolve, reject } of waiting) {
      if (fault === undefined) resolve()
      else reject(fault)
    }
    if (fault !== undefined && waiting.length === 0) this.#deps.onFault(fault)
  }

  #put(wanted: Wanted): void {
    const { need, cid, state } = wanted
    const ofNeed = this.#wanted.get(need)
    if (ofNeed === undefined) return
    ofNeed.set(cid.toString(), wanted)
    if (state === 'waiting' || state === 'running') this.#unsettled.set(keyOf(need, cid), wanted)
    else this.#unsettled.delete(keyOf(need, cid))
  }

  async #letGo(need: string): Promise<void> {
    if (this.#wanted.has(need)) return
    await this.#deps.store.unpin(ownerOf(need))
  }

  async #collect(): Promise<void> {
    this.#collectAtMs = this.#deps.clock.monotonicMs() + COLLECT_MS
    await this.#deps.store.gc()
  }

  async #makeRoom(): Promise<void> {
    const { store, clock } = this.#deps
    if (clock.monotonicMs() < this.#makeRoomAtMs) return
    this.#makeRoomAtMs = clock.monotonicMs() + AFTER_FULL_MS
    await store.gc({ keep: 'size', bytesMax: Math.floor(store.usage().quotaBytes * AFTER_FULL) })
  }

  #run(task: () => Promise<void>): void {
    const running = task().catch((error: unknown) => this.#tellFault(error))
    this.#underWay.add(running)
    void running.finally(() => this.#underWay.delete(running))
  }

  /** What is no fault is a defect, and not caught here. */
  #tellFault(error: unknown): void {
    if (!(error instanceof FaultError)) throw error
    if (!this.#stop.signal.aborted) this.#deps.onFault(error)
  }
}

function ownerOf(need: string): string {
  return `need/${need}`
}

function keyOf(need: string, cid: CID): string {
  return `${need} ${cid.toString()}`
}
