import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { SaidKeeper } from './said-keeper.ts'

type Refusal = Extract<Verdict, { kind: 'rejected' }>

/** A NEED of an account of this node that the hub has not taken. */
export interface PostedNeed {
  readonly read: ReadBody<'NEED'>
  /** Why the hub never will; undefined as long as it has not decided. */
  readonly refusal: Refusal | undefined
}

/** Those of which it is known that they were refused; forgotten with the process. */
const REFUSED_MAX = 4_096

/** What this node's accounts asked for, and the hub has not, or not yet, put into its state. */
export class PostedNeeds {
  readonly #keeper: Pick<SaidKeeper, 'waitingNeeds' | 'waitingNeedOf'>
  readonly #refused = new LruMap<string, PostedNeed>(REFUSED_MAX)
  readonly #listeners = new Set<(need: string) => void>()

  constructor(keeper: Pick<SaidKeeper, 'waitingNeeds' | 'waitingNeedOf'>) {
    this.#keeper = keeper
  }

  /** By its id. Of one that the hub has it may say that it waits still. */
  of(need: string): PostedNeed | undefined {
    const refused = this.#refused.get(need)
    if (refused !== undefined) return refused
    const read = this.#keeper.waitingNeedOf(need as EnvelopeId)
    return read === undefined ? undefined : { read, refusal: undefined }
  }

  /** Ids of those that wait, in the order in which they were said. */
  waiting(): readonly EnvelopeId[] {
    return [...this.#keeper.waitingNeeds()].map(({ id }) => id)
  }

  /** The hub's log says so; before the keeper hears it. */
  decided(id: EnvelopeId, verdict: Verdict): void {
    const read = this.#keeper.waitingNeedOf(id)
    if (read === undefined || verdict.kind !== 'rejected') return
    this.#refused.set(id, { read, refusal: verdict })
    for (const listener of this.#listeners) listener(id)
  }

  /** One was refused. */
  onRefused(listener: (need: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
