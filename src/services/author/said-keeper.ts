import { parseCid } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { WordWorld } from '../../core/agent/said-word.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SaidMark, SaidPlace, SaidStore } from '../../ports/said-store.ts'
import { SaidWords, type WordBounds } from './said-words.ts'
import { afterRestored, NOWHERE, type ThreadPlace } from './thread-place.ts'

export interface SaidKeeperDeps {
  readonly store: SaidStore
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly world: () => WordWorld
  readonly later: (task: () => void) => void
  /** Nothing may be said any more. */
  readonly onFault: (fault: unknown) => void
  readonly bounds?: WordBounds
}

const BOUNDS: WordBounds = { wordsMax: 65_536, bytesMax: 67_108_864 }
const LOOK_MS = 1_000
/** Looks from one time that the store is told to the next, and until all words are looked at. */
const WRITE_LOOKS = 5
const SWEEP_LOOKS = 60
/** Places in one transaction, about 3 ms, and in memory: with no room on the disk nothing is said long before. */
const SLICE = 512
const PLACES_MAX = 1_048_576
/** Verdicts of the hub that are told before it is known what was said. */
const EARLY_MAX = 65_536

/**
 * What the accounts of a node have said, as far as it matters: where each stands in every thread, and which of their envelopes no
 * entry carries yet. The journal has all of it; here one thing is found without reading that, and a start reads its end alone.
 * 1. The store is never ahead of the journal: a line is on disk before it is noted here.
 * 2. What the store does not know yet the journal says after its mark.
 * 3. What waits is here until an entry carried it, or its need is over, whatever time that takes; within the bounds.
 * Source: record.md, "Journal"; network.md (gossip is best effort, delivery is not).
 */
export class SaidKeeper {
  readonly #deps: SaidKeeperDeps
  readonly #words: SaidWords
  /** What the store does not know: new, and under way to it. */
  #places = new Map<string, SaidPlace>()
  #writing: ReadonlyMap<string, SaidPlace> = new Map()
  #mark: SaidMark | undefined
  #touched = new Set<string>()
  #early: Set<EnvelopeId> | undefined = new Set()
  #looks = 0
  #isWriting = false
  #isOver = false
  #cancel: () => void = () => undefined

  constructor(deps: SaidKeeperDeps) {
    this.#deps = deps
    this.#words = new SaidWords(deps.bounds ?? BOUNDS)
  }

  /** Where an account stands; undefined where it never spoke. */
  place(did: Did, thread: ThreadId): ThreadPlace | undefined {
    const key = keyOf(did, thread)
    const place = this.#places.get(key) ?? this.#writing.get(key) ?? this.#deps.store.place(did, thread)
    if (place === undefined) return undefined
    const { id, seq, lamport } = place
    const capsule = parseCid(place.capsule)
    assert(capsule.ok, 'the capsule of a place is a CID')
    return { own: { id, seq, lamport }, others: [], capsule: capsule.value }
  }

  /** Was just written to the journal, whose line of that mark is the last of it. */
  note(reads: readonly ReadBody[], mark: SaidMark): void {
    for (const read of reads) this.take(read)
    this.#mark = mark
  }

  /** One of the journal's, in order. Faults `seq-used`. */
  take(read: ReadBody, stored?: { readonly isCarried: boolean }): void {
    const { sender, thread } = read.body
    if (stored === undefined) {
      const { own, capsule } = afterRestored(this.place(sender, thread) ?? NOWHERE, thread, read)
      assert(own !== undefined && capsule !== undefined, 'a place after a word')
      const place = { did: sender, thread, ...own, capsule: capsule.toString() }
      this.#places.set(keyOf(sender, thread), place)
      if (this.#places.size > PLACES_MAX) throw new FaultError('store-full', 'no room for what was said')
    }
    this.#words.add(read, this.#deps.clock.monotonicMs(), stored)
  }

  isWaiting(id: EnvelopeId): boolean {
    return this.#words.isWaiting(id)
  }

  /** What an account said first in a thread with a key, as long as the hub has not decided about it. */
  waitingNeed(did: Did, thread: ThreadId, idempotencyKey: string): ReadBody<'NEED'> | undefined {
    return this.#words.needOf(did, thread, idempotencyKey)
  }

  /** The same by its id. */
  waitingNeedOf(id: EnvelopeId): ReadBody<'NEED'> | undefined {
    return this.#words.needById(id)
  }

  waitingNeeds(): Iterable<ReadBody<'NEED'>> {
    return this.#words.needs()
  }

  has(id: EnvelopeId): boolean {
    return this.#words.has(id)
  }

  /** The hub's log has it, whatever it made of it. */
  decided(id: EnvelopeId): void {
    if (this.#early !== undefined && this.#early.size < EARLY_MAX) this.#early.add(id)
    this.#words.drop(id)
  }

  /** Something of the need was applied. */
  touched(need: string): void {
    if (this.#words.concerns(need)) this.#touched.add(need)
  }

  /** All that was said before is taken: from now on it is looked at, and the store told. `mark`: as in `note`. */
  start(mark: SaidMark): void {
    for (const id of this.#early ?? []) this.#words.drop(id)
    this.#early = undefined
    this.#mark = mark
    this.#words.settle(this.#deps.world(), this.#deps.clock.monotonicMs())
    this.#again()
  }

  /** Tells the store all there is; after a fault nothing. */
  stop(): void {
    this.#cancel()
    if (this.#isOver) return
    this.#isOver = true
    this.#look()
    this.#takeBack()
    if (this.writePlaces()) this.#writeRest(this.#mark)
  }

  /** In slices, without the mark: while a long journal is read. False: there is no room for all of them. */
  writePlaces(): boolean {
    const places = [...this.#places.values()]
    for (let at = 0; at < places.length; at += SLICE)
      if (!this.#commitPlaces(places.slice(at, at + SLICE))) return false
    this.#places.clear()
    return true
  }

  /** What no rule says about words from before `ts` of which it is not known what became of them. */
  dropBefore(ts: number): void {
    const world = this.#deps.world()
    this.#words.dropBefore(ts, ({ need }) => need !== undefined && world.placeOf(need) === 'open')
  }

  #again(): void {
    this.#cancel = this.#deps.clock.after(LOOK_MS, () => {
      if (this.#isOver) return
      this.#guarded(() => {
        this.#look()
        if (this.#looks % WRITE_LOOKS === 0) this.#write()
      })
      this.#again()
    })
  }

  #look(): void {
    const [touched, world, now] = [this.#touched, this.#deps.world(), this.#deps.clock.monotonicMs()]
    this.#touched = new Set()
    this.#looks += 1
    if (this.#looks % SWEEP_LOOKS === 0) this.#words.settle(world, now)
    else for (const need of touched) this.#words.settle(world, now, need)
  }

  /** Slice by slice, so that nothing else has to wait; the mark with the last. */
  #write(): void {
    if (this.#isWriting || this.#mark === undefined) return
    this.#isWriting = true
    const mark = this.#mark
    this.#writing = this.#places
    this.#places = new Map()
    const places = [...this.#writing.values()]
    const next = (at: number): void => {
      if (this.#isOver) return
      this.#guarded(() => {
        const isDone =
          at < places.length ? this.#commitPlaces(places.slice(at, at + SLICE)) : this.#writeRest(mark)
        if (isDone && at < places.length) return this.#deps.later(() => next(at + SLICE))
        if (isDone) this.#writing = new Map()
        else this.#takeBack()
        this.#isWriting = false
      })
    }
    next(0)
  }

  /** What could not be written waits for the next time. */
  #takeBack(): void {
    this.#places = new Map([...this.#writing, ...this.#places])
    this.#writing = new Map()
  }

  #commitPlaces(places: readonly SaidPlace[]): boolean {
    return this.#deps.store.commit({ places, words: [], carried: [], dropped: [] }) === 'stored'
  }

  #writeRest(mark: SaidMark | undefined): boolean {
    const changes = this.#words.changes()
    const outcome = this.#deps.store.commit({
      places: [],
      ...changes,
      ...(mark === undefined ? {} : { mark }),
    })
    if (outcome === 'stored') this.#words.told(changes)
    return outcome === 'stored'
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (fault) {
      this.#isOver = true
      this.#deps.onFault(fault)
    }
  }
}

function keyOf(did: Did, thread: ThreadId): string {
  return `${did} ${thread}`
}
