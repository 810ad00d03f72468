import { equalBytes } from '../../codec/bytes.ts'
import {
  DIGEST_PARTS,
  decodePlanSyncAnswer,
  decodePlanSyncRequest,
  encodePlanSync,
  PART_DIGEST_BYTES,
  PLAN_SYNC_BYTES_MAX,
  type PlanSyncAnswer,
  type PlanSyncRequest,
  THREADS_PER_ANSWER,
} from '../../codec/plan-sync/request.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { PlanDocuments, ReadSyncMessage } from '../../ports/plan-documents.ts'
import type { PlanBook } from './plan-book.ts'
import { Quarantine } from './quarantine.ts'

export interface PlanSyncDeps {
  /** Text of the network's id. */
  readonly net: string
  readonly mesh: Pick<Mesh, 'handleRequest' | 'isConnected' | 'onPeer' | 'peers' | 'penalise' | 'request'>
  readonly documents: PlanDocuments
  /** Verified operations; whoever verifies an envelope adds to it. */
  readonly book: PlanBook
  /**
   * Gets these envelopes of a thread from a peer, verifies them, and adds what is good to the book; resolves when that is
   * done. Faults when the peer could not be asked, which says nothing about it.
   */
  readonly fetchEnvelopes: (from: Did, thread: ThreadId, ids: readonly EnvelopeId[]) => Promise<void>
  readonly clock: Clock
  /** A sync that ended early; sampled by whoever logs it. */
  readonly onFault: (fault: FaultError, peer: Did) => void
}

/** What a sync with a peer did. */
export interface PlanSyncReport {
  /** Threads in which the two differed. */
  readonly threads: number
  /** Requests, and bytes of both directions. */
  readonly requests: number
  readonly bytes: number
}

const EVERY_MS = 30_000
const TIMEOUT_MS = 10_000
/** Of one thread: each message says all that its sender can say, so honest ones need about four. */
const ROUNDS_MAX = 16
/** Threads of one sync; the next one goes on. */
const THREADS_MAX = 1_024
const PEERS_AT_ONCE = 4
/** One sync begins no other thread after so long: a peer that answers late holds up nobody for ever. */
const SYNC_MS = 60_000
const POISON_POINTS = 25

const REQUEST_LIMITS = {
  bodyBytesMax: PLAN_SYNC_BYTES_MAX,
  answerBytesMax: PLAN_SYNC_BYTES_MAX,
  inFlightPerPeerMax: 4,
  timeoutMs: TIMEOUT_MS,
  perSecondMax: 100,
  burstMax: 400,
}

/**
 * Brings the plans of two nodes together: one digest a peer tells whether they differ, then in which threads; for those the
 * messages of Automerge's sync protocol tell which changes are missing. A change counts when it is the one that its
 * verified envelope makes: everything else is quarantined with the peer and thread that it came by, and changes nothing.
 * Source: plan-and-storage.md, "Plan documents" (Sync).
 */
export class PlanSync {
  readonly #deps: PlanSyncDeps
  readonly #protocol: string
  readonly #quarantine: Quarantine
  readonly #underWay = new Map<Did, Promise<PlanSyncReport | undefined>>()
  readonly #waiting = new Set<Did>()
  #cancelTimer = (): void => undefined
  #isClosed = false

  private constructor(deps: PlanSyncDeps) {
    this.#deps = deps
    this.#protocol = `/canswarm/${deps.net}/plan-sync/1`
    this.#quarantine = new Quarantine(deps.clock)
  }

  /** Answers peers, and syncs with each when it connects and every 30 s. */
  static open(deps: PlanSyncDeps): PlanSync {
    const sync = new PlanSync(deps)
    deps.mesh.handleRequest(sync.#protocol, REQUEST_LIMITS, (from, body) => sync.#answer(from, body))
    deps.mesh.onPeer((peer, isConnected) => {
      if (isConnected) sync.#enqueue(peer)
      else sync.#waiting.delete(peer)
    })
    sync.#tick()
    return sync
  }

  /** Bad documents since the start. */
  get quarantined(): number {
    return this.#quarantine.count
  }

  /** One sync with a peer, or the one that is under way; undefined when it ended early. */
  async syncWith(peer: Did): Promise<PlanSyncReport | undefined> {
    const known = this.#underWay.get(peer)
    if (known !== undefined) return await known
    const sync = this.#sync(peer).finally(() => {
      this.#underWay.delete(peer)
      this.#next()
    })
    this.#underWay.set(peer, sync)
    return await sync
  }

  /** Begins nothing more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    this.#waiting.clear()
    await Promise.allSettled(this.#underWay.values())
  }

  #tick(): void {
    for (const { did } of this.#deps.mesh.peers()) this.#enqueue(did)
    this.#cancelTimer = this.#deps.clock.after(EVERY_MS, () => this.#tick())
  }

  #enqueue(peer: Did): void {
    this.#waiting.add(peer)
    this.#next()
  }

  #next(): void {
    for (const peer of this.#waiting) {
      if (this.#isClosed || this.#underWay.size >= PEERS_AT_ONCE) return
      this.#waiting.delete(peer)
      if (this.#deps.mesh.isConnected(peer)) void this.syncWith(peer)
    }
  }

  async #sync(peer: Did): Promise<PlanSyncReport | undefined> {
    const { mesh, clock } = this.#deps
    const talk = new Talk(mesh, this.#protocol, peer, clock)
    try {
      const threads = await this.#differing(talk)
      for (const thread of threads.slice(0, THREADS_MAX)) {
        if (talk.isLate) break
        await this.#syncThread(talk, thread)
      }
      return { threads: threads.length, requests: talk.requests, bytes: talk.bytes }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      if (!this.#isClosed) this.#deps.onFault(error, peer)
      return undefined
    }
  }

  /** Threads in which the peer and this node differ, quarantined ones left out. */
  async #differing(talk: Talk): Promise<readonly ThreadId[]> {
    const { book } = this.#deps
    const answer = await talk.ask({ v: 1, kind: 'compare', root: book.root() })
    if (answer.kind !== 'parts') return []
    const parts = differingParts(book.parts(), answer.digests)
    const theirs = new Map<ThreadId, Uint8Array>()
    for (let after: ThreadId | undefined, more = parts.length > 0; more; ) {
      const page = await talk.ask({ v: 1, kind: 'threads', parts, ...(after !== undefined && { after }) })
      if (page.kind !== 'threads') return []
      for (const [thread, digest] of page.threads) theirs.set(thread, digest)
      const last = page.threads.at(-1)?.[0]
      more =
        page.more &&
        !talk.isLate &&
        last !== undefined &&
        (after === undefined || last > after) &&
        theirs.size < THREADS_MAX
      after = last
    }
    const ours = new Map(book.threadsIn(parts))
    const all = [...new Set([...theirs.keys(), ...ours.keys()])]
    return all.filter((thread) => {
      const [a, b] = [ours.get(thread), theirs.get(thread)]
      return (
        (a === undefined || b === undefined || !equalBytes(a, b)) && !this.#quarantine.has(talk.peer, thread)
      )
    })
  }

  async #syncThread(talk: Talk, thread: ThreadId): Promise<void> {
    const { documents, book } = this.#deps
    const { peer } = talk
    documents.endSync(thread, peer)
    let heard: ReadSyncMessage | undefined
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const step = { thread, peer, changes: book.changes(thread), ...(heard !== undefined && { heard }) }
      const outcome = await this.#guarded(peer, thread, () => documents.step(step))
      if (outcome.kind === 'poisoned') return this.#poisoned(peer, thread)
      if (outcome.message === undefined) return
      const answer = await talk.ask({
        v: 1,
        kind: 'sync',
        thread,
        begin: round === 0,
        message: outcome.message,
      })
      if (answer.kind !== 'sync' || answer.message === undefined) return
      heard = await this.#hear(peer, thread, answer.message)
      if (heard === undefined) return
    }
  }

  async #answer(from: Did, body: Uint8Array): Promise<Uint8Array> {
    const request = decodePlanSyncRequest(body)
    if (!request.ok) {
      this.#deps.mesh.penalise(from, POISON_POINTS, `plan-sync: ${request.error.code}`)
      return encodePlanSync({ kind: 'refused' })
    }
    return encodePlanSync(await this.#answerTo(from, request.value))
  }

  async #answerTo(from: Did, request: PlanSyncRequest): Promise<PlanSyncAnswer> {
    const { book } = this.#deps
    switch (request.kind) {
      case 'compare':
        return equalBytes(request.root, book.root())
          ? { kind: 'same' }
          : { kind: 'parts', digests: book.parts() }
      case 'threads': {
        const threads = book.threadsIn(request.parts, request.after)
        const more = threads.length === THREADS_PER_ANSWER
        return { kind: 'threads', threads: threads.map(([thread, digest]) => [thread, digest]), more }
      }
      case 'sync':
        return await this.#answerSync(from, request)
      default:
        return request satisfies never
    }
  }

  async #answerSync(
    from: Did,
    { thread, begin, message }: Extract<PlanSyncRequest, { kind: 'sync' }>,
  ): Promise<PlanSyncAnswer> {
    const { documents, book } = this.#deps
    const heard = this.#quarantine.has(from, thread) ? undefined : await this.#hear(from, thread, message)
    if (heard === undefined) return { kind: 'refused' }
    if (begin) documents.endSync(thread, from)
    const step = { thread, peer: from, changes: book.changes(thread), heard }
    const outcome = await this.#guarded(from, thread, () => documents.step(step))
    if (outcome.kind === 'poisoned') {
      this.#poisoned(from, thread)
      return { kind: 'refused' }
    }
    return { kind: 'sync', ...(outcome.message !== undefined && { message: outcome.message }) }
  }

  /** A message taken apart, once the envelopes that its changes name were asked for; undefined: quarantined. */
  async #hear(peer: Did, thread: ThreadId, message: Uint8Array): Promise<ReadSyncMessage | undefined> {
    const { documents, book, fetchEnvelopes } = this.#deps
    const read = await this.#guarded(peer, thread, () => documents.read(message))
    if (!read.ok) {
      this.#poisoned(peer, thread)
      return undefined
    }
    const unknown = read.value.claimed.map(({ envelope }) => envelope).filter(isEnvelopeId)
    const missing = unknown.filter((envelope) => !book.has(thread, envelope))
    if (missing.length > 0) await fetchEnvelopes(peer, thread, missing)
    return read.value
  }

  /** What kills or stalls the documents is not tried again with this peer and thread. */
  async #guarded<Value>(peer: Did, thread: ThreadId, run: () => Promise<Value>): Promise<Value> {
    try {
      return await run()
    } catch (error) {
      if (!this.#isClosed) this.#quarantine.put(peer, thread)
      throw error
    }
  }

  #poisoned(peer: Did, thread: ThreadId): void {
    this.#quarantine.put(peer, thread)
    this.#deps.mesh.penalise(peer, POISON_POINTS, 'plan-sync: changes that no envelope made')
  }
}

/** Requests to one peer, counted, within the time of one sync. */
class Talk {
  readonly peer: Did
  readonly #mesh: Pick<Mesh, 'request'>
  readonly #protocol: string
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #endMs: number
  requests = 0
  bytes = 0

  constructor(mesh: Pick<Mesh, 'request'>, protocol: string, peer: Did, clock: Pick<Clock, 'monotonicMs'>) {
    this.#mesh = mesh
    this.#protocol = protocol
    this.peer = peer
    this.#clock = clock
    this.#endMs = clock.monotonicMs() + SYNC_MS
  }

  /** It had its time. */
  get isLate(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs
  }

  /** Faults as `Mesh.request`; `peer-refused` for what is no answer. */
  async ask(request: PlanSyncRequest): Promise<PlanSyncAnswer> {
    const body = encodePlanSync(request)
    const options = { timeoutMs: TIMEOUT_MS, answerBytesMax: PLAN_SYNC_BYTES_MAX }
    const bytes = await this.#mesh.request(this.peer, this.#protocol, body, options)
    this.requests++
    this.bytes += body.length + bytes.length
    const answer = decodePlanSyncAnswer(bytes)
    if (answer.ok) return answer.value
    throw new FaultError('peer-refused', `no answer of plan-sync: ${answer.error.message}`)
  }
}

function differingParts(a: Uint8Array, b: Uint8Array): number[] {
  const digest = (all: Uint8Array, part: number): Uint8Array =>
    all.subarray(part * PART_DIGEST_BYTES, (part + 1) * PART_DIGEST_BYTES)
  const parts = Array.from({ length: DIGEST_PARTS }, (_, part) => part)
  return parts.filter((part) => !equalBytes(digest(a, part), digest(b, part)))
}

function isEnvelopeId(text: string): text is EnvelopeId {
  return /^b[a-z2-7]{58}$/.test(text)
}
