import { envelopeIdOf } from '../../codec/cid.ts'
import type { Envelope } from '../../codec/envelope/envelope.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { RoundRobin } from '../../model/round-robin.ts'
import type { EnvelopeFetch } from './envelope-fetch.ts'
import type { ThreadBook } from './thread-book.ts'

export interface GapFillerDeps {
  readonly fetch: Pick<EnvelopeFetch, 'range' | 'ofThread' | 'blame'>
  readonly threads: ThreadBook
  /** Checks an envelope and takes it in; false where it is not its sender's. */
  readonly takeField: (field: Pooled['field']) => boolean
  /** A fetch that failed; sampled by whoever logs it. */
  readonly onFault: (fault: FaultError, peer: Did) => void
  /** Anything else: the process must end. */
  readonly onDefect: (error: unknown) => void
}

/** Envelopes of one peer, and of all, before which something seems to be missing: what is beyond is left to the sync of plans. */
const WAITING_PER_PEER_MAX = 16
const WAITING_MAX = 256
/** Peers that are asked at once, each for one gap. */
const PEERS_AT_ONCE = 4

/**
 * What came before an envelope of a thread and is not here is asked of the peer that brought it: its sender's between the
 * last one that is here and it, and those that it names. Many numbers of a sender are of envelopes that only voters and
 * entries carry, so an empty answer is no fault. Peers have their turns: one that shows endless gaps, or does not answer, holds
 * up itself alone. Source: network.md (a gap in a sender's `seq` or an unknown `prev`).
 */
export class GapFiller {
  readonly #deps: GapFillerDeps
  readonly #waiting = new RoundRobin<Did, Envelope>(WAITING_PER_PEER_MAX, WAITING_MAX)
  readonly #underway = new Map<Did, Promise<void>>()
  #isOver = false

  constructor(deps: GapFillerDeps) {
    this.#deps = deps
  }

  /** An envelope that the book took, and who brought it. */
  took(peer: Did, envelope: Envelope): void {
    if (!this.#isOver && this.#waiting.offer(peer, envelope)) this.#start()
  }

  /** Begins nothing more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#underway.values())
  }

  #start(): void {
    while (!this.#isOver && this.#underway.size < PEERS_AT_ONCE) {
      const peer = this.#waiting.owners.find((one) => !this.#underway.has(one))
      const envelope = peer && this.#waiting.take((one) => one === peer)
      if (peer === undefined || envelope === undefined) return
      const done = this.#tried(peer, envelope)
        .catch(this.#deps.onDefect)
        .finally(() => {
          this.#underway.delete(peer)
          this.#start()
        })
      this.#underway.set(peer, done)
    }
  }

  /** What else waits for a peer that cannot help now is left to the sync of plans. */
  async #tried(peer: Did, envelope: Envelope): Promise<void> {
    try {
      await this.#fill(peer, envelope)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.#waiting.drop(peer)
      this.#deps.onFault(error, peer)
    }
  }

  async #fill(peer: Did, { body }: Envelope): Promise<void> {
    const { fetch, threads } = this.#deps
    const { thread, sender, seq, prev } = body
    const before = threads.seqBefore(thread, sender, seq)
    if (before + 1 < seq) {
      this.#take(peer, await fetch.range(peer, thread, { sender, from: before + 1, to: seq - 1 }))
    }
    const unknown = prev.map((one) => envelopeIdOf(one)).filter((id) => !threads.has(thread, id))
    if (unknown.length > 0) this.#take(peer, await fetch.ofThread(peer, thread, unknown))
  }

  #take(peer: Did, fields: readonly Pooled['field'][]): void {
    const { fetch, takeField } = this.#deps
    if (!fields.every(takeField)) fetch.blame(peer, 'an envelope that is not its sender’s')
  }
}
