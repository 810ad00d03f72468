import { equalBytes } from '../../codec/bytes.ts'
import { type CID, envelopeIdOf } from '../../codec/cid.ts'
import type { HaveStatement, SeenStatement } from '../../codec/entry/statements.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'

interface Gathering {
  readonly head: Uint8Array
  readonly slot: number
  readonly askedAtMs: number
  readonly statements: Map<Did, SeenStatement>
  /** What is there allows nothing. */
  isSpent: boolean
}

/** After so long the voters are asked again: what they said is lost, or too old to be of use. */
const AGAIN_MS = 1_000

/**
 * What voters said of the needs that this node leads: sightings for a chain head, and content that they keep. Pure memory:
 * whoever asks them does it when this says so. Source: lifecycle.md, "Entries of a need" (seen), "Availability".
 */
export class Testimony {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #majority: number
  readonly #seen = new Map<string, Gathering>()
  readonly #have = new Map<string, Map<Did, HaveStatement>>()
  readonly #askedHave = new Map<string, number>()

  constructor(voters: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#majority = Math.floor(voters / 2) + 1
    this.#clock = clock
  }

  /**
   * What an entry can carry for this head, in the order in which it should be tried; nothing while no majority has said
   * what can be used. One that names what cannot be had does not keep the others from being used. An entry concludes for the
   * earliest slot that it carries: so that no voter holds it back by an old one, next come those alone who spoke latest.
   */
  seen(
    need: string,
    head: Uint8Array,
    isHeld: (envelope: string) => boolean,
  ): readonly (readonly SeenStatement[])[] {
    const gathering = this.#seen.get(need)
    if (gathering === undefined || gathering.isSpent || !equalBytes(gathering.head, head)) return []
    const usable = [...gathering.statements.values()].filter(({ body }) =>
      body.seen.every(([id]) => isHeld(envelopeIdOf(id))),
    )
    const slots = usable.map(({ body }) => body.slot).toSorted((a, b) => b - a)
    const slot = slots[this.#majority - 1]
    if (slot === undefined) return []
    const latest = usable.filter(({ body }) => body.slot >= slot)
    return latest.length === usable.length ? [usable] : [usable, latest]
  }

  /** True: the voters are to be asked now, for this slot. */
  beginSeen(need: string, head: Uint8Array, slot: number): boolean {
    const known = this.#seen.get(need)
    const now = this.#clock.monotonicMs()
    if (known !== undefined && equalBytes(known.head, head)) {
      const isOld = now - known.askedAtMs >= AGAIN_MS || (known.isSpent && slot > known.slot)
      if (!isOld) return false
    }
    this.#seen.set(need, { head, slot, askedAtMs: now, statements: new Map(), isSpent: false })
    return true
  }

  /** What was said led to nothing: it waits for another voter, and in the next slot all are asked anew. */
  spendSeen(need: string): void {
    const gathering = this.#seen.get(need)
    if (gathering !== undefined) gathering.isSpent = true
  }

  /** False for what nobody asked for, and for a time that has not come: no entry could carry it. */
  hearSeen(statement: SeenStatement): boolean {
    const { need, head, slot, seen } = statement.body
    const gathering = this.#seen.get(envelopeIdOf(need))
    if (gathering === undefined || !equalBytes(gathering.head, head)) return false
    if (slot > gathering.slot || seen.some(([, seenAt]) => seenAt > slot)) return false
    if (!gathering.statements.has(statement.voter)) gathering.isSpent = false
    gathering.statements.set(statement.voter, statement)
    return true
  }

  /** Statements of a majority about a content; undefined while they are not there. */
  have(need: string, cid: CID): readonly HaveStatement[] | undefined {
    const statements = this.#have.get(keyOf(need, cid))
    return statements === undefined || statements.size < this.#majority ? undefined : [...statements.values()]
  }

  /** True: the voters are to be asked now. */
  beginHave(need: string, cid: CID): boolean {
    const key = keyOf(need, cid)
    const now = this.#clock.monotonicMs()
    const asked = this.#askedHave.get(key)
    if (asked !== undefined && now - asked < AGAIN_MS) return false
    this.#askedHave.set(key, now)
    return true
  }

  /** False for what nobody asked for. */
  hearHave(statement: HaveStatement): boolean {
    const { need, cid } = statement.body
    const key = keyOf(envelopeIdOf(need), cid)
    if (!this.#askedHave.has(key)) return false
    const statements = this.#have.get(key) ?? new Map<Did, HaveStatement>()
    this.#have.set(key, statements.set(statement.voter, statement))
    return true
  }

  /** The need is over. */
  forget(need: string): void {
    this.#seen.delete(need)
    for (const key of [...this.#askedHave.keys()].filter((one) => one.startsWith(`${need} `))) {
      this.#askedHave.delete(key)
      this.#have.delete(key)
    }
  }
}

function keyOf(need: string, cid: CID): string {
  return `${need} ${cid.toString()}`
}
