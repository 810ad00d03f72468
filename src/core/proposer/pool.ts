import type { CID } from '../../codec/cid.ts'
import type { BucketCommandOf } from '../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import { cidOfId } from '../bucket/need-turn.ts'

/** An envelope of a need that a voter has seen. */
export interface Pooled {
  readonly envelope: SingleEnvelope
  /** As entries carry it. */
  readonly field: BucketCommandOf<'claim'>['envelope']
  /** Slot in which the voter saw it first. */
  readonly seenAt: number
}

/** What a voter has seen of one need and no entry carries yet, in the order in which it saw it. */
export class NeedPool {
  readonly #seen = new Map<string, Pooled>()

  /** The first sight counts. */
  add(pooled: Pooled): void {
    const { id } = pooled.envelope
    if (!this.#seen.has(id)) this.#seen.set(id, pooled)
  }

  /** Forgets what the need's history holds by now. */
  carried(ids: Iterable<string>): void {
    for (const id of ids) this.#seen.delete(id)
  }

  get all(): readonly Pooled[] {
    return [...this.#seen.values()]
  }

  of<K extends Kind>(kind: K): readonly (Pooled & { readonly envelope: SingleEnvelope<K> })[] {
    return this.all.filter(
      (one): one is Pooled & { readonly envelope: SingleEnvelope<K> } => one.envelope.body.kind === kind,
    )
  }
}

/** What a seen-statement says: [id, slot], ascending by the text of the id. */
export function sightingsOf(pool: NeedPool): [CID, number][] {
  return pool.all
    .toSorted((a, b) => (a.envelope.id < b.envelope.id ? -1 : 1))
    .map(({ envelope, seenAt }) => [cidOfId(envelope.id), seenAt])
}
