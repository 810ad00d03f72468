import type { SlotFacts } from '../core/records/world.ts'
import type { Sha256 } from '../ports/crypto.ts'
import { expectThat } from './divergence.ts'

/** What a file's part of the hub says of one bucket: plain data. */
export interface HubFacts {
  /** The hub's items are certified, so the file has all that the bucket rests on. */
  readonly isCertified: boolean
  /** Hashes of effects that the bucket has to receive, by their number. */
  readonly sent: ReadonlyMap<number, Uint8Array>
  /** Hashes of effects that it has to send, in the order in which the hub took them. */
  readonly taken: readonly Uint8Array[]
}

/** The hub as a bucket's items meet it. */
export class HubSide {
  readonly #facts: HubFacts
  readonly #slots: ReadonlyMap<number, SlotFacts>
  readonly #sha256: Sha256
  readonly #received = new Set<number>()
  #taken = 0

  constructor(facts: HubFacts, slots: ReadonlyMap<number, SlotFacts>, sha256: Sha256) {
    this.#facts = facts
    this.#slots = slots
    this.#sha256 = sha256
  }

  slot(n: number): SlotFacts | undefined {
    return this.#slots.get(n)
  }

  /** What the bucket received is what the hub sent it under that number; true when the file has the hub's side. */
  receives(n: number, body: Uint8Array): void {
    const { isCertified, sent } = this.#facts
    if (!isCertified) return
    const hash = this.#received.has(n) ? undefined : sent.get(n)
    const message = `the file has no item of the hub that sent effect ${n}`
    expectThat(hash !== undefined, 'encoding', 'CONFLICT', message)
    this.#received.add(n)
    this.#expectSame(hash, body, `effect ${n} is not what the hub sent`)
  }

  /** What the bucket sent is what the hub took next from it; false where the file does not reach so far. */
  takes(body: Uint8Array): boolean {
    const next = this.#facts.taken[this.#taken]
    if (next === undefined) return false
    this.#taken += 1
    this.#expectSame(next, body, 'what the bucket sends is not what the hub took')
    return true
  }

  /** Effects that the hub took from the bucket and that nothing in its items sent. */
  get untaken(): number {
    return this.#facts.taken.length - this.#taken
  }

  #expectSame(hash: Uint8Array, body: Uint8Array, message: string): void {
    expectThat(hash.toHex() === this.#sha256(body).toHex(), 'money', 'CONFLICT', message)
  }
}
