import type { CID } from '../../codec/cid.ts'
import { type BucketCommandOf, COMMAND_BYTES_MAX } from '../../codec/entry/bucket-command.ts'
import { VOTERS_MAX } from '../../codec/entry/fields.ts'
import { encodeEnvelope } from '../../codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { cidOfId } from '../bucket/need-turn.ts'

/** An envelope of a need that a voter has seen. */
export interface Pooled {
  readonly envelope: SingleEnvelope
  /** As entries carry it. */
  readonly field: BucketCommandOf<'claim'>['envelope']
  /** Slot in which the voter saw it first. */
  readonly seenAt: number
}

/** Verbs of a need that no entry follows from: nothing is concluded from their absence. */
const WITHOUT_ENTRY: ReadonlySet<Kind> = new Set(['NEED', 'UPDATE_PLAN'])

/** What one entry can carry, and a seen-statement can name: more could never be concluded from. */
const ENVELOPES_MAX = 1_024
/** In the entry's command: the envelope's id and slot in the statement of each voter. */
const SIGHTING_BYTES = 48 * VOTERS_MAX
/** What is left of a command beside its own fields, the frames of statements, and have-statements. */
const BYTES_MAX = COMMAND_BYTES_MAX - 16_384
/** Of one sender; a lease of an hour with a beat each 10 s is 360. */
const SENDER_MAX = 512

/**
 * What a voter has seen of one need, in the order in which it saw it. Bounded, so that nobody keeps a need from its
 * entries by talking: what is over is not seen, and can come again. What an entry carried beside its own subject stays to
 * be proposed for itself, but is no news any more.
 */
export class NeedPool {
  readonly #seen = new Map<string, Pooled>()
  readonly #carried = new Set<string>()
  readonly #bySender = new Map<Did, number>()
  #bytes = 0

  /** The first sight counts. False, and nothing is kept, for what no entry follows from and what is over the bounds. */
  add(pooled: Pooled): boolean {
    const { id, body, bytes, sig } = pooled.envelope
    if (this.#seen.has(id)) return true
    if (WITHOUT_ENTRY.has(body.kind)) return false
    const said = this.#bySender.get(body.sender) ?? 0
    const size = encodeEnvelope({ bytes, sig }).length + SIGHTING_BYTES
    const isFull = this.#seen.size >= ENVELOPES_MAX || this.#bytes + size > BYTES_MAX
    if (isFull || said >= SENDER_MAX) return false
    this.#seen.set(id, pooled)
    this.#bySender.set(body.sender, said + 1)
    this.#bytes += size
    return true
  }

  /** Notes what the need's history holds by now. */
  carried(ids: Iterable<string>): void {
    for (const id of ids) if (this.#seen.has(id)) this.#carried.add(id)
  }

  /** All of it, whether an entry carried it or not. */
  get all(): readonly Pooled[] {
    return [...this.#seen.values()]
  }

  /** What no entry has carried yet. */
  get news(): readonly Pooled[] {
    return [...this.#seen].filter(([id]) => !this.#carried.has(id)).map(([, pooled]) => pooled)
  }

  /** Of one verb, whether an entry carried it or not. */
  of<K extends Kind>(kind: K): readonly (Pooled & { readonly envelope: SingleEnvelope<K> })[] {
    return [...this.#seen.values()].filter(
      (one): one is Pooled & { readonly envelope: SingleEnvelope<K> } => one.envelope.body.kind === kind,
    )
  }
}

/** What a seen-statement says: [id, slot], ascending by the text of the id. */
export function sightingsOf(pool: NeedPool): [CID, number][] {
  return pool.news
    .toSorted((a, b) => (a.envelope.id < b.envelope.id ? -1 : 1))
    .map(({ envelope, seenAt }) => [cidOfId(envelope.id), seenAt])
}
