import fc from 'fast-check'
import { nextFor } from '../../../../src/core/thread/next.ts'
import { threadView } from '../../../../src/core/thread/view.ts'
import type { EnvelopeHeader } from '../../../../src/model/envelope-header.ts'
import type { Did, EnvelopeId, Lamport, Seq } from '../../../../src/model/ids.ts'
import { Fold, type Sketch, THREAD } from './thread-model.ts'

/** What happens in a generated thread; numbers choose among what there is, modulo. */
export type Deed =
  | { readonly kind: 'sign'; readonly who: number; readonly ahead: number }
  | { readonly kind: 'show'; readonly who: number; readonly which: number }
  | { readonly kind: 'showAll'; readonly who: number }
  /** Loses its state: what it signs next repeats numbers that it has used. */
  | { readonly kind: 'forget'; readonly who: number }
  | { readonly kind: 'fork'; readonly who: number; readonly which: number; readonly ahead: number }
  | { readonly kind: 'unlawful'; readonly who: number; readonly how: Unlawful; readonly which: number }

export const UNLAWFUL = [
  'lamport low',
  'lamport high',
  'seq ahead',
  'seq behind',
  'no own previous',
  'two own',
  'foreign thread',
  'no prev',
  'nine prev',
  'twice in prev',
  'itself in prev',
  'child of unlawful',
  'unknown prev',
] as const
export type Unlawful = (typeof UNLAWFUL)[number]

const SENDERS = ['did:a', 'did:b', 'did:c', 'did:d'] as const

/** Plays deeds of several senders, each with its own partial view; `did:a` opens. */
export class WorldModel {
  readonly lawful: EnvelopeHeader[] = []
  /** Never acceptable, in whatever company. */
  readonly unlawful: EnvelopeHeader[] = []
  /** What `nextFor` proposed and its own signer or a node that knows everything did not accept. */
  readonly surprises: string[] = []
  readonly #views = SENDERS.map(() => new Fold())
  readonly #everything = new Fold()
  #made = 0

  constructor() {
    this.#publish(0, this.#place(0, 0))
  }

  play(deed: Deed): void {
    const who = deed.who % SENDERS.length
    const view = this.#view(who)
    switch (deed.kind) {
      case 'sign':
        if (view.maps.accepted.size === 0) view.give(pick(this.lawful, 0))
        this.#publish(who, this.#place(who, deed.ahead))
        return
      case 'show':
        view.give(pick(this.lawful, deed.which))
        return
      case 'showAll':
        view.giveAll(this.lawful)
        return
      case 'forget':
        this.#views[who] = new Fold()
        return
      case 'fork':
        this.#fork(who, deed.which, deed.ahead)
        return
      case 'unlawful':
        if (view.maps.accepted.size > 0) this.unlawful.push(this.#spoil(who, deed))
        return
      default:
        deed satisfies never
    }
  }

  #view(who: number): Fold {
    return pick(this.#views, who)
  }

  /** Ids in no order that could be mistaken for the order of making. */
  #id(): EnvelopeId {
    return `id-${Math.imul(++this.#made, 0x9e3779b1) >>> 0}` as EnvelopeId
  }

  #place(who: number, ahead: number): EnvelopeHeader {
    const sender = pick(SENDERS, who) as Did
    const { seq, lamport, prev } = nextFor(threadView(this.#view(who).maps), sender)
    const opens = prev.length === 0
    return {
      id: this.#id(),
      thread: THREAD,
      kind: 'UPDATE_PLAN',
      sender,
      seq,
      lamport: (lamport + ahead) as Lamport,
      prev,
      opens,
    }
  }

  #publish(who: number, signed: EnvelopeHeader): void {
    for (const fold of [this.#view(who), this.#everything]) {
      const outcome = fold.outcome(signed)
      if (outcome !== 'accepted') this.surprises.push(`${signed.id}: ${outcome}`)
    }
    this.lawful.push(signed)
  }

  /** Signs a `seq` again: the same `prev`, another body. The signer itself may or may not come to know of it. */
  #fork(who: number, which: number, ahead: number): void {
    const sender = pick(SENDERS, who)
    const own = this.lawful.filter((each) => each.sender === sender)
    if (own.length === 0) return
    const original = pick(own, which)
    const again = { ...original, id: this.#id(), lamport: (original.lamport + ahead) as Lamport }
    if (this.#everything.outcome({ ...again }) === 'accepted') this.lawful.push(again)
  }

  #spoil(who: number, { how, which }: Extract<Deed, { kind: 'unlawful' }>): EnvelopeHeader {
    const good = this.#place(who, 0)
    const others = good.prev.filter((id) => this.#sender(id) !== good.sender)
    const changed = (changes: Partial<Sketch>) => ({ ...good, ...changes }) as EnvelopeHeader
    switch (how) {
      case 'lamport low':
        return changed({ lamport: good.lamport - 1 })
      case 'lamport high':
        return changed({ lamport: good.lamport + 4_097 })
      case 'seq ahead':
        return changed({ seq: good.seq + 1 })
      case 'seq behind':
        return changed({ seq: good.seq - 1 })
      case 'no own previous':
        return changed({ prev: others, seq: Math.max(2, good.seq), opens: false })
      case 'two own':
        return this.#twoOwn(good)
      case 'foreign thread':
        return changed({ thread: 'foreign' })
      case 'no prev':
        return changed({ prev: [], opens: false })
      case 'nine prev':
        return changed({ prev: Array.from({ length: 9 }, (_, n) => `ghost-${n}`) })
      case 'twice in prev':
        return changed({ prev: [...good.prev.slice(0, 7), good.prev[0] ?? 'ghost'] })
      case 'itself in prev':
        return changed({ prev: [...good.prev.slice(0, 7), good.id] })
      case 'child of unlawful':
        return changed({
          prev: [
            ...good.prev.slice(0, 7),
            this.unlawful.at(which % (this.unlawful.length + 1))?.id ?? 'ghost',
          ],
        })
      case 'unknown prev':
        return changed({ prev: [...good.prev.slice(0, 7), `ghost-${which}`] })
      default:
        return how satisfies never
    }
  }

  #sender(id: EnvelopeId): Did | undefined {
    return this.lawful.find((each) => each.id === id)?.sender
  }

  #twoOwn(good: EnvelopeHeader): EnvelopeHeader {
    const own = this.lawful.filter((each) => each.sender === good.sender)
    const [first, second] = own
    if (first === undefined || second === undefined) return { ...good, prev: [], opens: false }
    const prev = [first.id, second.id]
    return {
      ...good,
      prev,
      seq: (first.seq + 1) as Seq,
      lamport: (Math.max(first.lamport, second.lamport) + 1) as Lamport,
    }
  }
}

function pick<Item>(items: readonly Item[], which: number): Item {
  return items[which % items.length] as Item
}

const who = fc.nat(3)
const which = fc.nat(60)
const ahead = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(4_096))
const lawfulDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('sign' as const), who, ahead }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('show' as const), who, which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('showAll' as const), who }) },
)
const fork: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('fork' as const), who, which, ahead }),
  fc.record({ kind: fc.constant('forget' as const), who }),
)
const unlawful: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant('unlawful' as const),
  who,
  how: fc.constantFrom(...UNLAWFUL),
  which,
})

function worlds(deed: fc.Arbitrary<Deed>): fc.Arbitrary<WorldModel> {
  return fc.array(deed, { minLength: 10, maxLength: 60, size: 'max' }).map((deeds) => {
    const world = new WorldModel()
    for (const each of deeds) world.play(each)
    return world
  })
}

/** Honest senders with partial views. */
export const honestWorlds = worlds(lawfulDeed)

/** The same, and senders who sign one `seq` twice. */
export const forkedWorlds = worlds(
  fc.oneof({ weight: 5, arbitrary: lawfulDeed }, { weight: 1, arbitrary: fork }),
)

/** The same, and envelopes that break each rule. */
export const spoiltWorlds = worlds(
  fc.oneof(
    { weight: 5, arbitrary: lawfulDeed },
    { weight: 1, arbitrary: fork },
    { weight: 2, arbitrary: unlawful },
  ),
)

/** The items in some order, some of them more than once, all at least once. */
export function deliveries<Item>(items: readonly Item[]): fc.Arbitrary<readonly Item[]> {
  const again = fc.array(fc.nat(Math.max(0, items.length - 1)), { maxLength: 10 })
  return again
    .map((twice) => [...items, ...twice.flatMap((at) => items.slice(at, at + 1))])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }))
}
