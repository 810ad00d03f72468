import { equalBytes } from '../../codec/bytes.ts'
import type { CID } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { encodeBatch, signBatch, splitBodies } from '../../codec/envelope/batch.ts'
import type { BodyDraft } from '../../codec/envelope/body.ts'
import { BATCH_BODIES_MAX } from '../../codec/envelope/limits.ts'
import { noCapsule } from '../../codec/envelope/no-policy.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { rootSignatureOf } from '../../codec/envelope/root-signature.ts'
import { accountThreadOf, threadIdOf } from '../../codec/envelope/thread-id.ts'
import type { Kind, Payload } from '../../codec/payload/verbs.ts'
import { assert } from '../../model/fault.ts'
import type { Did, SecretKey, ThreadId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { type Draft, finishDraft, startDraft } from './drafts.ts'
import { PlaceBook } from './place-book.ts'
import { afterOther, afterOwn, afterRestored, NOWHERE, type ThreadPlace } from './thread-place.ts'

export interface AuthorDeps {
  readonly did: Did
  /** Of `did`, or of `by`. */
  readonly secret: SecretKey
  /** The node that signs for an agent that it hosts; absent: the agent's own key does. */
  readonly by?: Did
  readonly net: CID
  readonly crypto: Pick<Crypto, 'sign' | 'sha256'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Absent on a network without a capsule. */
  readonly policy?: AuthorPolicy
  /**
   * Keeps bodies with the dag-cbor of their `RootSignature`. Resolves when they are on disk; rejects only when they never
   * will be: the author is over then, and a new one is made from what the journal holds.
   */
  readonly record: (bodies: readonly ReadBody[], signature: Uint8Array) => Promise<void>
  /**
   * Where this author stood last by what was recorded; undefined where it never spoke. Absent: no place is forgotten. Faults end
   * the author.
   */
  readonly recall?: (thread: ThreadId) => ThreadPlace | undefined
  /** What it said first in a thread with a key, as long as the hub has not decided about it. Absent: it is said again. */
  readonly waitingNeed?: (thread: ThreadId, idempotencyKey: string) => ReadBody<'NEED'> | undefined
  /** Threads whose place is in memory, where `recall` is there. */
  readonly placesMax?: number
  /** As `HeartView.submit`. */
  readonly submit: (batch: Uint8Array, bodies: readonly ReadBody[]) => void
}

export interface AuthorPolicy {
  /** The capsule in which a new thread is opened, and an account speaks. */
  readonly capsule: () => CID
  /** As `PolicyGates.preflight`. */
  readonly preflight: (drafts: readonly BodyDraft[]) => Promise<readonly Result<Uint8Array, Rejection>[]>
}

interface Composed {
  /** In the order of the turn. */
  readonly said: readonly Result<ReadBody, Rejection>[]
  /** Where each thread stands afterwards. */
  readonly places: ReadonlyMap<ThreadId, ThreadPlace>
}

interface Waiting {
  readonly draft: Draft
  readonly settle: (said: Result<ReadBody, Rejection>) => void
  readonly fail: (fault: unknown) => void
}

/**
 * Speaks for one DID: the only one who gives out its numbers. All that is said before a turn begins is one turn: one tree, one
 * signature, on disk before anything leaves. Order within a thread is the order of the calls.
 * 1. No seq is used twice, whatever crashes: numbers come from what the journal holds.
 * 2. What cannot be recorded is not sent, and ends the author: every later call fails with that same fault.
 * 3. What is refused uses no number.
 * Source: protocol.md, "Envelope"; architecture.md (one signature a turn).
 */
export class Author {
  readonly did: Did
  readonly #deps: AuthorDeps
  readonly #places: PlaceBook
  #waiting: Waiting[] = []
  #isSpeaking = false
  #fault: { readonly reason: unknown } | undefined

  constructor(deps: AuthorDeps) {
    this.#deps = deps
    this.did = deps.did
    this.#places = new PlaceBook(deps.recall, deps.placesMax)
  }

  /**
   * Says something in a thread; resolves when it is on disk and handed on. Rejects what `readBody` does, what the capsule denies
   * (POLICY_DENIED, GAS_EXCEEDED, WRONG_CAPSULE), and UNKNOWN_THREAD where nothing of the thread was seen and it opens none.
   * Faults as `record`.
   */
  say<K extends Kind>(
    thread: ThreadId,
    kind: K,
    payload: Payload<K>,
  ): Promise<Result<ReadBody<K>, Rejection>> {
    const said = new Promise<Result<ReadBody, Rejection>>((settle, fail) => {
      this.#waiting.push({ draft: { thread, kind, payload }, settle, fail })
      if (!this.#isSpeaking) void this.#speak()
    })
    return said as Promise<Result<ReadBody<K>, Rejection>>
  }

  /**
   * Opens the thread of its key. What was said with that key before, in this run or an earlier one, is the answer until the hub has
   * decided about it. Rejects as `say`, and CONFLICT where that was another wish.
   */
  async need(payload: Payload<'NEED'>): Promise<Result<ReadBody<'NEED'>, Rejection>> {
    const { net, crypto, waitingNeed } = this.#deps
    const thread = threadIdOf(net, this.did, payload.idempotency_key, crypto.sha256)
    const waiting = waitingNeed?.(thread, payload.idempotency_key)
    if (waiting === undefined) return await this.say(thread, 'NEED', payload)
    if (isSame(waiting.body.payload, payload)) return ok(waiting)
    return usedKey()
  }

  /** Speaks in its account's own thread. Rejects as `say`. */
  account<K extends Kind>(kind: K, payload: Payload<K>): Promise<Result<ReadBody<K>, Rejection>> {
    const { net, crypto } = this.#deps
    return this.say(accountThreadOf(net, this.did, crypto.sha256), kind, payload)
  }

  /** Takes note of a checked envelope of somebody else: what is said next in its thread comes after it. */
  saw(read: ReadBody): void {
    const { thread, sender } = read.body
    if (sender === this.did) return
    this.#places.set(thread, afterOther(this.#placeOf(thread), read))
  }

  /**
   * Takes up what the journal holds, before anything is said; others' envelopes among it are passed over. Gives those that are
   * wanted still: a crash may have come between disk and network, so hand them to `resend`. Faults `seq-used`.
   */
  async restore(
    bodies: AsyncIterable<ReadBody>,
    isWanted: (read: ReadBody) => boolean,
  ): Promise<readonly ReadBody[]> {
    assert(!this.#isSpeaking, 'an author is restored before it speaks')
    const wanted: ReadBody[] = []
    for await (const read of bodies) if (this.remember(read) && isWanted(read)) wanted.push(read)
    return wanted
  }

  /** As `restore`, of one body; false for somebody else's. */
  remember(read: ReadBody): boolean {
    const { sender, thread } = read.body
    if (sender !== this.did) return false
    this.#places.set(thread, afterRestored(this.#placeOf(thread), thread, read))
    return true
  }

  /** Hands on again what was recorded: the same bodies under a new signature, which is no second word. */
  resend(bodies: readonly ReadBody[]): void {
    for (const { batch, reads } of this.#batchesOf(bodies)) this.#deps.submit(encodeBatch(batch), reads)
  }

  async #speak(): Promise<void> {
    this.#isSpeaking = true
    // Whoever speaks in the same run of the event loop belongs to the same turn.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const turn = this.#waiting.slice(0, BATCH_BODIES_MAX)
      this.#waiting = this.#waiting.slice(turn.length)
      await this.#turn(turn)
    }
    this.#isSpeaking = false
  }

  async #turn(turn: readonly Waiting[]): Promise<void> {
    try {
      if (this.#fault !== undefined) throw this.#fault.reason
      const known = this.#recall(new Set(turn.map(({ draft: { thread } }) => thread)))
      const { said, places } = await this.#compose(turn, known)
      await this.#handOn(said.flatMap((one) => (one.ok ? [one.value] : [])))
      for (const [thread, place] of places) this.#places.set(thread, place)
      for (const [at, one] of said.entries()) turn[at]?.settle(one)
    } catch (reason) {
      for (const { fail } of turn) fail(reason)
    }
  }

  /** Bodies in their places, those of one thread one after the other, since each names the one before. */
  async #compose(turn: readonly Waiting[], known: ReadonlyMap<ThreadId, ThreadPlace>): Promise<Composed> {
    const places = new Map<ThreadId, ThreadPlace>()
    const placeOf = (thread: ThreadId): ThreadPlace => places.get(thread) ?? known.get(thread) ?? NOWHERE
    const said = new Map<number, Result<ReadBody, Rejection>>()
    let rest = [...turn.keys()]
    while (rest.length > 0) {
      const round = firstOfThreads(rest, turn)
      const drafts = round.map((at) => (turn[at] as Waiting).draft)
      const judged = await this.#composeRound(drafts, placeOf)
      for (const read of judged) if (read.ok) places.set(read.value.body.thread, afterOwn(read.value))
      for (const [n, at] of round.entries()) said.set(at, judged[n] as Result<ReadBody, Rejection>)
      rest = rest.filter((at) => !said.has(at))
    }
    return { said: turn.map((_, at) => said.get(at) as Result<ReadBody, Rejection>), places }
  }

  async #composeRound(
    drafts: readonly Draft[],
    placeOf: (thread: ThreadId) => ThreadPlace,
  ): Promise<readonly Result<ReadBody, Rejection>[]> {
    const { policy, crypto, clock, net } = this.#deps
    const present = policy?.capsule() ?? noCapsule(crypto.sha256)
    const world = { net, sha256: crypto.sha256, sender: this.did, ts: clock.nowMs() }
    const started = drafts.map((draft) => startDraft(draft, placeOf(draft.thread), present, world))
    const asked = started.flatMap((one) => (one.ok ? [one.value] : []))
    const judged = await policy?.preflight(asked)
    let at = 0
    return started.map((one) => (one.ok ? finishDraft(one.value, judged?.[at++], world) : one))
  }

  /** All of it is on disk before the first of it leaves. */
  async #handOn(bodies: readonly ReadBody[]): Promise<void> {
    const batches = this.#batchesOf(bodies)
    try {
      for (const { batch, reads } of batches) {
        await this.#deps.record(reads, encodeDagCbor({ ...rootSignatureOf(batch) }))
      }
    } catch (reason) {
      this.#fault = { reason }
      throw reason
    }
    for (const { batch, reads } of batches) this.#deps.submit(encodeBatch(batch), reads)
  }

  #batchesOf(bodies: readonly ReadBody[]) {
    const { crypto, net, secret, by } = this.#deps
    const byBytes = new Map(bodies.map((read) => [read.bytes, read]))
    return splitBodies(bodies.map(({ bytes }) => bytes)).map((group) => ({
      batch: signBatch(crypto, net, secret, group, by),
      reads: group.map((bytes) => byBytes.get(bytes) as ReadBody),
    }))
  }

  /** Where these threads stand. The turn keeps them: what comes into the book meanwhile may displace what was seen in them. */
  #recall(threads: ReadonlySet<ThreadId>): ReadonlyMap<ThreadId, ThreadPlace> {
    try {
      return new Map([...threads].map((thread) => [thread, this.#placeOf(thread)]))
    } catch (reason) {
      this.#fault = { reason }
      throw reason
    }
  }

  #placeOf(thread: ThreadId): ThreadPlace {
    return this.#places.get(thread) ?? NOWHERE
  }
}

/** The refusal of another wish under a key. */
export function usedKey() {
  return reject('CONFLICT', 'this key was used for another wish: choose another key', 'idempotency_key')
}

function isSame(one: Payload<'NEED'>, other: Payload<'NEED'>): boolean {
  return equalBytes(encodeDagCbor(one), encodeDagCbor(other))
}

/** The first that waits in each thread. */
function firstOfThreads(rest: readonly number[], turn: readonly Waiting[]): readonly number[] {
  const threads = new Set<ThreadId>()
  return rest.filter((at) => {
    const { thread } = (turn[at] as Waiting).draft
    const isFirst = !threads.has(thread)
    threads.add(thread)
    return isFirst
  })
}
