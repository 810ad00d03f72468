import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { besideHand, type Deed, lineByHand } from '../../core/agent/by-hand.ts'
import { challengerPart } from '../../core/agent/challenger.ts'
import type { Line } from '../../core/agent/line.ts'
import { requesterPart } from '../../core/agent/requester.ts'
import { envelopeOf, type Scene, sceneOf } from '../../core/agent/scene.ts'
import { verifierPart } from '../../core/agent/verifier.ts'
import {
  type Delivery,
  type Judgement,
  type Outcomes,
  type Part,
  together,
  type Work,
} from '../../core/agent/work.ts'
import { type Offer, workerPart } from '../../core/agent/worker.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import type { Did, ThreadId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Capability, CapabilityStatus } from './capability.ts'
import { deliver } from './deliver.ts'
import { Engagements } from './engagements.ts'
import type { Unsubscribe } from './heart-view.ts'
import { JobDesk } from './job-desk.ts'
import { judgeResult } from './judge-result.ts'
import { resultIn } from './results.ts'
import { refusedEvent, saidEvent } from './role-event.ts'
import { failureOf, IDLE_LANE, lackOf, laneOf } from './role-work.ts'
import type { RolesDeps } from './roles-deps.ts'
import { SaidBook } from './said-book.ts'

interface Attached {
  readonly capability: Capability
  done: number
  failed: number
  lastError?: string
}

/**
 * Plays the parts of one account in every open need: looks at each when something of it was applied, or a slot may matter to it,
 * says what the core's agents say, and has their work done. Nothing of it is stored: after a restart the views and what was
 * said before tell how to go on; work that was under way is begun again.
 */
export class Roles {
  readonly #deps: RolesDeps
  readonly #attached = new Map<string, Attached>()
  readonly #said = new SaidBook()
  readonly #seen = new Set<string>()
  /** Needs in which time alone, or what is heard beside the log, can give it something to do. */
  readonly #restless = new Set<string>()
  readonly #cids = new LruMap<string, CID>(CIDS_MAX)
  readonly #cancelled = new Set<string>()
  readonly #engaged = new Engagements()
  readonly #deliveries: JobDesk<Delivery>
  readonly #judgements: JobDesk<Judgement>
  /** By capability. */
  #offers: ReadonlyMap<string, Offer> = new Map()
  #off: readonly Unsubscribe[] = []
  #isOver = false

  constructor(deps: RolesDeps) {
    this.#deps = deps
    const [onDone, onFault] = [(need: string) => this.#attend(need), (fault: unknown) => this.#end(fault)]
    this.#deliveries = new JobDesk(onDone, onFault)
    this.#judgements = new JobDesk(onDone, onFault)
  }

  /** An envelope that the author's journal holds: it is not said again. Before `start`. */
  restore(read: ReadBody): void {
    if (read.body.sender === this.#deps.author.did) this.#said.restore(read)
  }

  start(): void {
    const { heart } = this.#deps
    for (const need of this.#said.needs) if (this.#isEnded(need)) this.#forget(need)
    this.#off = [heart.onNeed((need) => this.#attend(need)), heart.onSlot(() => this.#onSlot())]
    this.#tend()
    this.#attendAll()
  }

  /** Stops what is under way; resolves when it has stopped. May be called twice. */
  async stop(): Promise<void> {
    this.#isOver = true
    for (const off of this.#off) off()
    this.#off = []
    await Promise.all([this.#deliveries.close(), this.#judgements.close()])
  }

  /** False where one of that name is attached. */
  attach(capability: Capability): boolean {
    if (this.#attached.has(capability.name)) return false
    this.#attached.set(capability.name, { capability, done: 0, failed: 0 })
    this.#offers = this.#offersNow()
    if (this.#off.length > 0) this.#attendAll()
    return true
  }

  /** Leases of its work are yielded. False where there is none. */
  detach(name: string): boolean {
    const isThere = this.#attached.delete(name)
    this.#offers = this.#offersNow()
    if (isThere && this.#off.length > 0) this.#attendAll()
    return isThere
  }

  status(name: string): CapabilityStatus | undefined {
    const one = this.#attached.get(name)
    if (one === undefined) return undefined
    const { done, failed, lastError } = one
    const running = this.#deliveries.running(`work ${name}`) + this.#judgements.running(`judge ${name}`)
    return { running, done, failed, ...(lastError === undefined ? {} : { lastError }) }
  }

  /** Takes back a need of this account, as long as it is OPEN. */
  cancel(need: string): void {
    this.#cancelled.add(need)
    this.#attend(need)
  }

  /**
   * Says in a need what somebody who drives this account by hand wants. Rejects as `lineByHand` and `Author.say`, and
   * WINDOW_CLOSED for a need that is not open here. Faults as `Author.say`.
   */
  async act(need: string, deed: Deed): Promise<Result<ReadBody, Rejection>> {
    const { author, saltOf, registration, heart } = this.#deps
    const scene = this.#sceneOf(need)
    if (scene === undefined) return reject('WINDOW_CLOSED', `no need ${need} is open here`)
    const hand = {
      did: author.did,
      manifest: registration.manifest(this.#offers),
      registry: () => registration.proof(),
      isFinished: (one: string) => resultIn(heart, one) !== undefined,
      saltOf,
    }
    const found = lineByHand(scene, hand, deed)
    if (!found.ok) return found
    const { key } = found.value
    this.#said.add(need, key)
    const said = await this.#utter(scene, found.value)
    if (!said.ok) this.#said.remove(need, key)
    this.#attend(need)
    return said
  }

  #onSlot(): void {
    if (this.#isOver) return
    this.#tend()
    if (this.#deps.heart.slot().n % SWEEP_SLOTS === 0) this.#attendAll()
    else for (const need of this.#restless) this.#attend(need)
  }

  #attendAll(): void {
    for (const need of this.#deps.heart.openNeeds()) this.#attend(need)
  }

  #tend(): void {
    const { registration, switches } = this.#deps
    const judged = this.#capabilities().filter(({ judges }) => judges && switches.verifier)
    const judges = [...new Set(judged.map(({ offer }) => offer.capability))]
    registration.tend({ offers: [...this.#offers.values()], judges }).catch((fault) => this.#end(fault))
  }

  #attend(need: string): void {
    if (this.#isOver) return
    const scene = this.#sceneOf(need)
    if (scene === undefined) {
      if (this.#isEnded(need)) this.#forget(need)
      return
    }
    if (isRestless(scene, this.#deps.author.did)) this.#restless.add(need)
    else this.#restless.delete(need)
    const part = this.#partIn(scene)
    this.#arrange(scene, part.work)
    for (const line of part.lines) this.#say(scene, line)
    // After what it said: the next need is looked at within the same turn.
    this.#engaged.note(scene, this.#deps.author.did, this.#said.has(need, `PROPOSE ${scene.need.bidRound}`))
  }

  #sceneOf(need: string): Scene | undefined {
    const { heart, sha256 } = this.#deps
    const [bucket, envelope] = [heart.bucketOf(need), heart.needEnvelope(need)]
    if (bucket === undefined || envelope === undefined) return undefined
    const { net, generation } = heart
    return sceneOf({
      net,
      generation,
      sha256,
      id: need,
      cid: this.#cidOf(need),
      bucket,
      hub: heart.hub(),
      view: heart.bucket(bucket),
      payload: envelope.body.payload,
      // Read more than once: by each part, and for the work that they want.
      envelopes: { [Symbol.iterator]: () => heart.envelopes(need)[Symbol.iterator]() },
      slotNumber: heart.slot().n,
      hasSaid: (key) => this.#said.has(need, key),
    })
  }

  #cidOf(need: string): CID {
    const cid = this.#cids.get(need) ?? cidOfId(need)
    this.#cids.set(need, cid)
    return cid
  }

  #isEnded(need: string): boolean {
    const { heart } = this.#deps
    const bucket = heart.bucketOf(need)
    const state = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)?.state
    return state !== undefined && isOver(state)
  }

  #forget(need: string): void {
    this.#said.forget(need)
    this.#seen.delete(need)
    this.#restless.delete(need)
    this.#cancelled.delete(need)
    this.#engaged.forget(need)
    this.#deliveries.forget(need)
    this.#judgements.forget(need)
  }

  #partIn(scene: Scene): Part {
    const { author, switches, saltOf, registration } = this.#deps
    const { did } = author
    const outcomes: Outcomes = {
      delivery: (key) => this.#deliveries.value(scene.id, key),
      judgement: (key) => this.#judgements.value(scene.id, key),
    }
    const isCancelled = (need: string) => this.#cancelled.has(need)
    const parts: Part[] = [requesterPart(scene, { did, isCancelled })]
    if (switches.worker) {
      const offers = this.#offers
      const self = {
        did,
        offers,
        manifest: registration.manifest(offers),
        registry: () => registration.proof(),
        hasRoom: this.#hasRoom(scene),
        isFinished: (need: string) => resultIn(this.#deps.heart, need) !== undefined,
        saltOf,
      }
      parts.push(workerPart(scene, self, outcomes))
    }
    if (switches.verifier) parts.push(verifierPart(scene, { did, saltOf }, outcomes))
    if (switches.challenger !== undefined) {
      const canJudge = (capability: string) =>
        this.#find(capability, ({ challenges }) => challenges === true) !== undefined
      parts.push(challengerPart(scene, { did, saltOf, canJudge, ...switches.challenger }, outcomes))
    }
    const part = together(parts)
    return this.#isByHand(scene.terms.capability) ? besideHand(part) : part
  }

  /** Nothing attached does it by itself. */
  #isByHand(capability: string): boolean {
    const attached = this.#capabilities().filter(({ offer }) => offer.capability === capability)
    return attached.length > 0 && attached.every(({ byHand }) => byHand === true)
  }

  #say(scene: Scene, line: Line): void {
    if (this.#said.has(scene.id, line.key)) return
    this.#said.add(scene.id, line.key)
    this.#utter(scene, line).catch((fault: unknown) => this.#end(fault))
  }

  async #utter({ id, terms }: Scene, line: Line): Promise<Result<ReadBody, Rejection>> {
    const { author, heart, onEvent } = this.#deps
    const need = heart.needEnvelope(id)
    if (need !== undefined && !this.#seen.has(id)) author.saw(need)
    this.#seen.add(id)
    const said = await author.say(terms.thread as ThreadId, line.kind, line.payload)
    onEvent(said.ok ? saidEvent(id, line) : refusedEvent(id, line, said.error))
    return said
  }

  #arrange(scene: Scene, works: readonly Work[]): void {
    const keys = new Set(works.map(({ key }) => key))
    this.#deliveries.retain(scene.id, keys)
    this.#judgements.retain(scene.id, keys)
    for (const work of works) this.#begin(scene, work)
  }

  #begin(scene: Scene, work: Work): void {
    const need = this.#deps.heart.needEnvelope(scene.id)
    if (need === undefined) return
    const world = { ...this.#deps, resultOf: (id: string) => resultIn(this.#deps.heart, id) }
    const { attempt, key } = work
    if (work.kind === 'deliver') {
      const attached = this.#working(scene.terms.capability)
      if (attached === undefined) return
      const { capability } = attached
      const task = (signal: AbortSignal) => deliver({ need, attempt }, capability, world, signal)
      this.#deliveries.ask(
        scene.id,
        key,
        laneOf('work', capability),
        this.#counted(scene.id, attached, task, failureOf),
      )
      return
    }
    const attached = this.#judging(scene.terms.capability)
    const commit = envelopeOf(scene, 'COMMIT', work.commit)
    const asked = { need, work, commit, capability: attached?.capability }
    const task = (signal: AbortSignal) => judgeResult(asked, world, signal)
    if (attached === undefined) this.#judgements.ask(scene.id, key, IDLE_LANE, task)
    else {
      const lane = laneOf('judge', attached.capability)
      this.#judgements.ask(scene.id, key, lane, this.#counted(scene.id, attached, task, lackOf))
    }
  }

  /** The same task, with what came of it kept for `status` and told. */
  #counted<Value>(
    need: string,
    attached: Attached,
    task: (signal: AbortSignal) => Promise<Value>,
    failure: (value: Value) => string | undefined,
  ): (signal: AbortSignal) => Promise<Value> {
    const { onEvent } = this.#deps
    const { name } = attached.capability
    return async (signal) => {
      onEvent({ need, kind: 'job-begun', text: name })
      const value = await task(signal)
      const why = failure(value)
      if (why === undefined) attached.done += 1
      else {
        attached.failed += 1
        attached.lastError = why
      }
      onEvent({
        need,
        kind: why === undefined ? 'job-done' : 'job-failed',
        text: why === undefined ? name : `${name}: ${why}`,
      })
      return value
    }
  }

  /** Work that it holds already needs no further room. */
  #hasRoom({ id, terms }: Scene): boolean {
    const attached = this.#working(terms.capability)
    if (attached === undefined) return false
    const { parallelMax, queueMax } = attached.capability
    return this.#engaged.count(terms.capability, id) < parallelMax + queueMax
  }

  #capabilities(): readonly Capability[] {
    return [...this.#attached.values()].map(({ capability }) => capability)
  }

  #offersNow(): ReadonlyMap<string, Offer> {
    const working = this.#capabilities().filter(({ works }) => works && this.#deps.switches.worker)
    return new Map(working.map(({ offer }) => [offer.capability, offer]))
  }

  #working(capability: string): Attached | undefined {
    return this.#find(capability, ({ works }) => works)
  }

  /** Whoever looks for mistakes judges as a seat does. */
  #judging(capability: string): Attached | undefined {
    return this.#find(capability, ({ judges, challenges }) => judges || challenges === true)
  }

  #find(capability: string, isMeant: (one: Capability) => boolean): Attached | undefined {
    return [...this.#attached.values()].find(
      (one) => one.capability.offer.capability === capability && isMeant(one.capability),
    )
  }

  #end(fault: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#deps.onFault(fault)
  }
}

const CIDS_MAX = 16_384
/** Now and then all needs are looked at: a challenger may have credits for a bond by now. */
const SWEEP_SLOTS = 64

/**
 * Bids wait for a slot's registry, plan seats for a plan that is heard, the next worker for room; who works has to beat. All
 * else that happens in a need is an entry.
 */
function isRestless({ need }: Scene, did: Did): boolean {
  const { state, lease } = need
  if (state === 'CLAIMED') return lease?.worker === did
  return state === 'OPEN' || state === 'RANKED' || state === 'DECIDED'
}
