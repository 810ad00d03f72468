import { type CID, cidOf, envelopeIdOf, parseCid } from '../../codec/cid.ts'
import type { ToHub, ToHubOf } from '../../codec/entry/effect.ts'
import { envelopeHash } from '../../codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Draft } from '../records/draft.ts'
import { nextHead } from '../records/history.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import type {
  BucketRecord,
  BucketTables,
  Carried,
  Challenge,
  Committee,
  Moment,
  Need,
  Terms,
} from './tables.ts'
import { challengeKey, committeeKey } from './tables.ts'
import { CHALLENGE_TRANSITIONS } from './transitions.ts'
import { elapsed, momentOf } from './windows.ts'

/** What every entry of a need works on. Whoever refuses throws all of it away. */
export interface TurnParts {
  readonly world: World
  readonly at: AppliedAt
  readonly draft: Draft<BucketTables>
  readonly bucket: BucketRecord
  /** The slot that the command names; of a received effect, the last slot that it knows of. */
  readonly slot: SlotFacts
  readonly id: CID
  readonly need: Need
  readonly terms: Terms
  /** The item's bytes. */
  readonly item: Uint8Array
}

type SlashEffect = ToHubOf<'slash'>

export interface SlashRequest
  extends Pick<SlashEffect, 'account' | 'role' | 'attempt' | 'reason' | 'ppm' | 'challenger'> {
  /** 1 where it is absent. */
  readonly times?: number
  /** Of a seat; no where it is absent. */
  readonly isWholeLock?: boolean
  /** Text of the id of what proves it. */
  readonly evidence?: string
}

/** One entry of a need while it is applied: the need as it stands, what is carried, and what is asked of the hub. */
export class NeedTurn {
  readonly world: World
  readonly at: AppliedAt
  readonly bucket: BucketRecord
  readonly slot: SlotFacts
  readonly id: CID
  /** Text of the need's id: its key. */
  readonly key: string
  readonly terms: Terms
  readonly item: Uint8Array
  /** The slot of the entry. */
  readonly now: Moment
  readonly effects: ToHub[] = []
  /** Ids that this entry carries, with the envelopes. */
  readonly #opened = new Map<string, SingleEnvelope>()
  readonly #draft: Draft<BucketTables>
  readonly #before: Need
  /** What no entry before carried. Nothing of it is hashed before the entry is known to be lawful: most that are tried are not. */
  readonly #fresh: SingleEnvelope[] = []
  #known: Set<string> | undefined
  #need: Need
  #nextHead: Uint8Array | undefined

  constructor(parts: TurnParts) {
    const { world, at, draft, bucket, slot, id, need, terms, item } = parts
    this.world = world
    this.at = at
    this.bucket = bucket
    this.slot = slot
    this.id = id
    this.key = envelopeIdOf(id)
    this.terms = terms
    this.item = item
    this.now = momentOf(slot, bucket)
    this.#draft = draft
    this.#before = need
    this.#need = need
  }

  /** The need's chain head after the item. */
  get nextHead(): Uint8Array {
    this.#nextHead ??= nextHead(this.#before.head, this.item, this.world.sha256)
    return this.#nextHead
  }

  /** As it stands within the entry. */
  get need(): Need {
    return this.#need
  }

  /** As the entry found it. */
  get before(): Need {
    return this.#before
  }

  /** Changes the need; a field that is given as undefined is taken away. */
  update(changes: { readonly [Name in keyof Need]?: Need[Name] | undefined }): void {
    const merged = { ...this.#need, ...changes }
    const isWhole = Object.values(changes).every((value) => value !== undefined)
    const present = () => Object.entries(merged).filter(([, value]) => value !== undefined)
    this.#need = (isWhole ? merged : Object.fromEntries(present())) as Need
  }

  /** What it has run of a window, until the entry's slot or another one. */
  elapsed(since: Moment, until: SlotFacts = this.slot): number {
    return elapsed(since, until, this.bucket)
  }

  ask(effect: ToHub): void {
    this.effects.push(effect)
  }

  /** Asks the hub for a slash; without `evidence` it is the entry itself that proves it. */
  slash({ times = 1, isWholeLock = false, evidence, ...what }: SlashRequest): void {
    const proof = evidence === undefined ? cidOf(this.item, this.world.sha256) : cidOfId(evidence)
    this.ask({ v: 1, kind: 'slash', need: this.id, ...what, times, whole_lock: isWholeLock, evidence: proof })
  }

  /** Gives a worker's bond back. */
  unlock(account: Did, attempt: number): void {
    this.ask({ v: 1, kind: 'unlock', need: this.id, account, role: 'worker', attempt })
  }

  /** The same for a worker that let its claim window go by: the hub counts that. */
  unlockUnclaimed(account: Did, attempt: number): void {
    this.ask({ v: 1, kind: 'unlock', need: this.id, account, role: 'worker', attempt, unclaimed: true })
  }

  /**
   * Opens an envelope of this need's thread, which then belongs to the history. Rejects as `openEnvelope`; UNKNOWN_THREAD
   * for another thread or need; WRONG_CAPSULE for another capsule than the thread's.
   */
  carry(field: Ipld): Result<SingleEnvelope, Rejection> {
    const opened = this.world.openEnvelope(field, this.slot.time)
    if (!opened.ok) return opened
    const misplaced = this.#misplaced(opened.value)
    if (misplaced !== undefined) return misplaced
    this.#add(opened.value)
    return opened
  }

  /** All of them in order; rejects as `carry` by the first that is refused. */
  carryAll(fields: readonly Ipld[]): Result<readonly SingleEnvelope[], Rejection> {
    const all: SingleEnvelope[] = []
    for (const field of fields) {
      const opened = this.carry(field)
      if (!opened.ok) return opened
      all.push(opened.value)
    }
    return ok(all)
  }

  /** True when this entry, or one before it, carries the envelope. */
  holds(id: string): boolean {
    if (this.#opened.has(id)) return true
    this.#known ??= new Set(this.#earlier().map((one) => one.id))
    return this.#known.has(id)
  }

  /** What this entry carries, each envelope once. */
  get opened(): readonly SingleEnvelope[] {
    return [...this.#opened.values()]
  }

  /** The history's envelopes, those of this entry included. */
  get carried(): readonly Carried[] {
    const { sha256 } = this.world
    const fresh = this.#fresh.map(({ id, bytes, sig }) => ({
      id,
      hash: envelopeHash({ bytes, sig }, sha256),
    }))
    return [...this.#earlier(), ...fresh]
  }

  /** Those of the entries before this one. */
  #earlier(): readonly Carried[] {
    return this.#draft.get('envelopes', this.key) ?? []
  }

  committee(role: Committee['role'], which: number | string): Committee | undefined {
    return this.#draft.get('committees', committeeKey(this.key, role, which))
  }

  /** The one that judges what the need has now. Asserts that there is one: the caller knows the state. */
  seated(role: 'plan' | 'result'): Committee {
    const committee = this.committee(role, role === 'plan' ? 0 : this.need.attempt)
    assert(committee !== undefined, 'a need in this state has its committee')
    return committee
  }

  putCommittee(committee: Committee): void {
    const which =
      committee.role === 'challenge'
        ? (committee.challenge ?? '')
        : committee.role === 'plan'
          ? 0
          : committee.attempt
    this.#draft.put('committees', committeeKey(this.key, committee.role, which), committee)
  }

  challenge(id: string): Challenge | undefined {
    return this.#draft.get('challenges', challengeKey(this.key, id))
  }

  /** Asserts that a known challenge goes on as the table says. */
  putChallenge(id: string, challenge: Challenge): void {
    const before = this.challenge(id)?.state
    const isLawful = before === undefined || CHALLENGE_TRANSITIONS[before][challenge.state] !== undefined
    assert(isLawful, 'a challenge goes where the table says')
    this.#draft.put('challenges', challengeKey(this.key, id), challenge)
  }

  get draft(): Draft<BucketTables> {
    return this.#draft
  }

  #misplaced({ body }: SingleEnvelope): ReturnType<typeof reject> | undefined {
    if (body.thread !== this.terms.thread) return reject('UNKNOWN_THREAD', `of thread ${body.thread}`)
    if ('need_id' in body.payload && envelopeIdOf(body.payload.need_id) !== this.key) {
      return reject('UNKNOWN_THREAD', `of need ${envelopeIdOf(body.payload.need_id)}`)
    }
    const { capsule } = this.terms
    return capsule !== '' && envelopeIdOf(body.capsule) !== capsule
      ? reject('WRONG_CAPSULE', `the thread was opened with capsule ${capsule}`)
      : undefined
  }

  #add(envelope: SingleEnvelope): void {
    const { id } = envelope
    if (!this.holds(id)) this.#fresh.push(envelope)
    this.#opened.set(id, envelope)
  }

  /** Puts what was carried and the need itself into the draft. */
  finish(): void {
    if (this.#fresh.length > 0) this.#draft.put('envelopes', this.key, this.carried)
    this.#draft.put('needs', this.key, { ...this.#need, head: this.nextHead })
  }
}

/** The link that an id of ours names. Asserts that it is one: ids in records were made here. */
export function cidOfId(id: string): CID {
  const cid = parseCid(id)
  assert(cid.ok, 'an id in a record is the text of a CID')
  return cid.value
}
