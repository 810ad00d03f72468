import type { CID } from '../../codec/cid.ts'
import { type BucketCommandOf, COMMAND_BYTES_MAX } from '../../codec/entry/bucket-command.ts'
import { VOTERS_MAX } from '../../codec/entry/fields.ts'
import { encodeEnvelope } from '../../codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import { ALL_STRANGERS, STANDING, type Standing, type StandingOf } from './standing.ts'

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
/** Of one sender and verb, but for heartbeats, that a statement names: a seat judges at most so many plans. */
const NAMED_MAX = 64

/**
 * What a voter has seen of one need, in the order in which it saw it. Bounded, so that nobody keeps a need from its
 * entries by talking: what is over is not seen, and can come again. Where there is no room, who has the better standing
 * displaces others, and among equals who said less: strangers give way to parties, and who floods to whoever has
 * something to say. What an entry carried beside its own subject stays to be proposed for itself, but is no news any more.
 */
export class NeedPool {
  readonly #seen = new Map<string, Pooled>()
  readonly #sizes = new Map<string, number>()
  readonly #carried = new Set<string>()
  readonly #bySender = new Map<Did, number>()
  #bytes = 0

  /**
   * The first sight counts. False, and nothing is kept, for what no entry follows from, and what is over the bounds while
   * nobody's claim is weaker.
   */
  add(pooled: Pooled, standingOf: StandingOf = ALL_STRANGERS): boolean {
    const { id, body, bytes, sig } = pooled.envelope
    if (this.#seen.has(id)) return true
    if (WITHOUT_ENTRY.has(body.kind)) return false
    const said = this.#bySender.get(body.sender) ?? 0
    const size = encodeEnvelope({ bytes, sig }).length + SIGHTING_BYTES
    if (said >= SENDER_MAX || !this.#makeRoom(size, body.sender, standingOf)) return false
    this.#seen.set(id, pooled)
    this.#sizes.set(id, size)
    this.#bySender.set(body.sender, said + 1)
    this.#bytes += size
    return true
  }

  /** True when an envelope is kept, carried or not. */
  has(id: string): boolean {
    return this.#seen.has(id)
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

  /** Displaces nothing where that would not be enough. */
  #makeRoom(size: number, sender: Did, standingOf: StandingOf): boolean {
    const isEnough = (count: number, bytes: number): boolean =>
      this.#seen.size - count < ENVELOPES_MAX && this.#bytes - bytes + size <= BYTES_MAX
    if (isEnough(0, 0)) return true
    if (size > BYTES_MAX) return false
    const weaker = new WeakerWords(this.#seen.values(), this.#bySender, sender, standingOf)
    const victims: string[] = []
    let bytes = 0
    while (!isEnough(victims.length, bytes)) {
      const victim = weaker.next()
      if (victim === undefined) return false
      victims.push(victim)
      bytes += this.#sizes.get(victim) ?? 0
    }
    for (const victim of victims) this.#drop(victim)
    return true
  }

  #drop(id: string): void {
    const sender = this.#seen.get(id)?.envelope.body.sender as Did
    this.#bySender.set(sender, (this.#bySender.get(sender) ?? 1) - 1)
    this.#bytes -= this.#sizes.get(id) ?? 0
    for (const kept of [this.#seen, this.#sizes, this.#carried]) kept.delete(id)
  }
}

/** Words with a weaker claim to room than a newcomer's, the weakest first; of one sender the latest first. */
class WeakerWords {
  /** Ids in the order in which they were seen, by sender. */
  readonly #words = new Map<Did, string[]>()
  readonly #standingOf: StandingOf
  readonly #standing: Standing
  /** Words that the newcomer's sender has with this one. */
  readonly #share: number

  constructor(
    seen: Iterable<Pooled>,
    bySender: ReadonlyMap<Did, number>,
    newcomer: Did,
    standingOf: StandingOf,
  ) {
    this.#standingOf = standingOf
    this.#standing = standingOf(newcomer)
    this.#share = (bySender.get(newcomer) ?? 0) + 1
    for (const { envelope } of seen) {
      const { sender } = envelope.body
      const words = this.#words.get(sender)
      if (words === undefined) this.#words.set(sender, [envelope.id])
      else words.push(envelope.id)
    }
  }

  next(): string | undefined {
    let weakest: { readonly standing: Standing; readonly words: string[] } | undefined
    for (const [sender, words] of this.#words) {
      const standing = this.#standingOf(sender)
      const isWeaker =
        standing < this.#standing || (standing === this.#standing && words.length > this.#share)
      if (!isWeaker || words.length === 0) continue
      if (weakest === undefined || isBefore(standing, words, weakest)) weakest = { standing, words }
    }
    return weakest?.words.pop()
  }
}

function isBefore(
  standing: Standing,
  { length }: readonly string[],
  other: { readonly standing: Standing; readonly words: readonly string[] },
): boolean {
  return standing === other.standing ? length > other.words.length : standing < other.standing
}

/**
 * What a seen-statement says: [id, slot], ascending by the text of the id. Named are words of who stands as `least` or
 * better, and of one sender and verb only so many: whoever leads must carry what a majority names, so words that nothing
 * can be concluded from would keep the need from its entries.
 */
export function sightingsOf(
  pool: NeedPool,
  standingOf: StandingOf = ALL_STRANGERS,
  least: Standing = STANDING.stranger,
): [CID, number][] {
  const named = new Map<string, number>()
  return pool.news
    .filter(({ envelope: { body } }) => {
      const key = `${body.sender} ${body.kind}`
      const count = (named.get(key) ?? 0) + 1
      if (standingOf(body.sender) < least || (body.kind !== 'HEARTBEAT' && count > NAMED_MAX)) return false
      named.set(key, count)
      return true
    })
    .toSorted((a, b) => (a.envelope.id < b.envelope.id ? -1 : 1))
    .map(({ envelope, seenAt }) => [cidOfId(envelope.id), seenAt])
}
