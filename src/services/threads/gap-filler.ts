import { envelopeIdOf } from '../../codec/cid.ts'
import type { Envelope } from '../../codec/envelope/envelope.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
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

/** Envelopes after which something seems to be missing: what is beyond is left to the sync of plans. */
const WAITING_MAX = 64

/**
 * What came before an envelope of a thread and is not here is asked of the peer that brought it: its sender's between the
 * last one that is here and it, and those that it names. Many numbers of a sender are of envelopes that only voters and
 * entries carry, so an empty answer is no fault. Source: network.md (a gap in a sender's `seq` or an unknown `prev`).
 */
export class GapFiller {
  readonly #deps: GapFillerDeps
  #waiting: { readonly peer: Did; readonly envelope: Envelope }[] = []
  #underway: Promise<void> | undefined
  #isOver = false

  constructor(deps: GapFillerDeps) {
    this.#deps = deps
  }

  /** An envelope that the book took, and who brought it. */
  took(peer: Did, envelope: Envelope): void {
    if (this.#isOver || this.#waiting.length >= WAITING_MAX) return
    this.#waiting.push({ peer, envelope })
    this.#start()
  }

  /** Begins nothing more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#waiting = []
    await this.#underway
  }

  #start(): void {
    this.#underway ??= this.#run()
      .catch(this.#deps.onDefect)
      .finally(() => {
        this.#underway = undefined
        if (this.#waiting.length > 0) this.#start()
      })
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#fill(next.peer, next.envelope)
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        this.#deps.onFault(error, next.peer)
      }
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
