import { encodeEnvelope, envelopeToIpld } from '../../codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { PlanPatch } from '../../codec/payload/plan-patch.ts'
import { opsOf } from '../../core/plan/operation.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { STANDING, type Standing } from '../../core/proposer/standing.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { FrameStore } from '../../ports/frame-store.ts'
import type { PlanBook } from '../plan-sync/plan-book.ts'

/** An envelope from which no entry follows, as it is handed on. */
export interface KeptEnvelope {
  readonly envelope: SingleEnvelope
  readonly field: Pooled['field']
  readonly bytes: number
}

export interface ThreadBookDeps {
  /** Plans follow from what is kept here. */
  readonly plans: PlanBook
  readonly store: FrameStore
  /** There is, or was of late, a need in the thread. */
  readonly isThread: (thread: ThreadId) => boolean
  /** As the state of this node is; `known`: it has an account. */
  readonly standingOf: (thread: ThreadId, sender: Did) => Standing
  /** The capsule's word, which no entry asks for. */
  readonly isAllowed: (envelope: SingleEnvelope) => boolean
}

/** Of one sender in one thread; of a thread, half of it for parties of its need; of all: what changed longest ago goes. */
const SENDER_MAX = 256
const THREAD_MAX = 2_048
const OTHERS_MAX = THREAD_MAX / 2
export const THREADS_BYTES_MAX = 67_108_864

/**
 * Envelopes that concern their thread alone, of all threads: changes of plans. They are kept on disk, shown to who fetches,
 * and make the plans. Signatures in it were checked; that its sender may take part, and what the capsule says, is asked here,
 * as no entry asks for it. Source: network.md (thread-only envelopes); plan-and-storage.md; protocol.md (UPDATE_PLAN: "any
 * participant of the thread"); policy.md, "Three gates".
 */
export class ThreadBook {
  readonly #deps: ThreadBookDeps
  /** Those that changed last are last. */
  readonly #threads = new Map<ThreadId, Map<EnvelopeId, KeptEnvelope>>()
  #bytes = 0

  constructor(deps: ThreadBookDeps) {
    this.#deps = deps
  }

  /** What the disk holds; `open` checks it again. */
  restore(open: (stored: Uint8Array) => SingleEnvelope | undefined): void {
    for (const stored of this.#deps.store.all()) {
      const envelope = open(stored)
      if (envelope !== undefined) this.#keep(envelope, true)
    }
  }

  /** A signed envelope. False, and nothing is kept: it is known, of no thread, of a stranger, not allowed, or beyond the bounds. */
  take(envelope: SingleEnvelope): boolean {
    if (!this.#keep(envelope, false)) return false
    this.#deps.store.add(encodeEnvelope(envelope))
    return true
  }

  has(thread: ThreadId, id: string): boolean {
    return this.#threads.get(thread)?.has(id as EnvelopeId) === true
  }

  /** Those of the ids that are here. */
  ofThread(thread: ThreadId, ids: Iterable<string>): readonly KeptEnvelope[] {
    const kept = this.#threads.get(thread)
    return kept === undefined ? [] : [...ids].flatMap((id) => kept.get(id as EnvelopeId) ?? [])
  }

  /** A sender's, by their numbers, `to` included. */
  range(thread: ThreadId, sender: Did, from: number, to: number): readonly KeptEnvelope[] {
    return this.#of(thread, sender).filter(({ envelope: { body } }) => body.seq >= from && body.seq <= to)
  }

  /** Highest number of a sender below one that is here; -1: none is. */
  seqBefore(thread: ThreadId, sender: Did, seq: number): number {
    const before = this.#of(thread, sender).map(({ envelope: { body } }) => body.seq)
    return before.reduce((most, one) => (one < seq ? Math.max(most, one) : most), -1)
  }

  *envelopes(thread: ThreadId): Iterable<SingleEnvelope> {
    for (const { envelope } of this.#threads.get(thread)?.values() ?? []) yield envelope
  }

  #of(thread: ThreadId, sender: Did): readonly KeptEnvelope[] {
    return [...(this.#threads.get(thread)?.values() ?? [])].filter(
      ({ envelope: { body } }) => body.sender === sender,
    )
  }

  #keep(envelope: SingleEnvelope, isStored: boolean): boolean {
    const { id, body, bytes, sig } = envelope
    const { thread, sender, lamport, kind, payload } = body
    const known = this.#threads.get(thread)
    if (kind !== 'UPDATE_PLAN' || known?.has(id) === true) return false
    const kept = known ?? new Map<EnvelopeId, KeptEnvelope>()
    if (kept.size >= THREAD_MAX || this.#of(thread, sender).length >= SENDER_MAX) return false
    if (!isStored && !this.#isOfThread(envelope, kept.size)) return false
    const length = encodeEnvelope(envelope).length
    kept.set(id, { envelope, field: envelopeToIpld({ bytes, sig }) as Pooled['field'], bytes: length })
    this.#bytes += length
    this.#threads.delete(thread)
    this.#threads.set(thread, kept)
    this.#deps.plans.add(opsOf(payload.patch as PlanPatch, { thread, lamport, actor: sender, envelope: id }))
    this.#makeRoom()
    return true
  }

  #isOfThread(envelope: SingleEnvelope, others: number): boolean {
    const { isThread, standingOf, isAllowed } = this.#deps
    const { thread, sender } = envelope.body
    if (!this.#threads.has(thread) && !isThread(thread)) return false
    const standing = standingOf(thread, sender)
    if (standing === STANDING.stranger || (standing < STANDING.party && others >= OTHERS_MAX)) return false
    return isAllowed(envelope)
  }

  #makeRoom(): void {
    for (const [thread, kept] of this.#threads) {
      if (this.#bytes <= THREADS_BYTES_MAX) return
      for (const { bytes } of kept.values()) this.#bytes -= bytes
      this.#threads.delete(thread)
      this.#deps.plans.drop(thread)
    }
  }
}
