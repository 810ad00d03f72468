import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { World } from '../../core/records/world.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

/**
 * The rules for a first look, which most entries do not outlast: signatures are believed, the policy is taken to allow, and
 * what was opened once stays open. What is believed is noted, so that a look that came out well needs no second one: rules
 * are functions of what they are told, so where all that was believed is so, they would say the same again.
 */
export class BelievingRules {
  readonly world: World
  readonly #rules: World
  readonly #opened = new WeakMap<object, SingleEnvelope>()
  #signatures: Parameters<World['verify']>[] = []
  #judged: Parameters<World['judge']>[] = []
  /** Who signed for another one: that has a term. */
  #delegated: Parameters<World['openEnvelope']>[] = []

  constructor(rules: World) {
    this.#rules = rules
    this.world = {
      ...rules,
      verify: (...signature) => {
        this.#signatures.push(signature)
        return true
      },
      judge: (...asked) => {
        this.#judged.push(asked)
        return ok(undefined)
      },
      openEnvelope: (field, atMs) => this.#open(field, atMs),
    }
  }

  /** Another look begins: nothing is believed yet. */
  begin(): void {
    if (this.#signatures.length > 0) this.#signatures = []
    if (this.#judged.length > 0) this.#judged = []
    if (this.#delegated.length > 0) this.#delegated = []
  }

  /**
   * Whether all that was believed since `begin` is so. False says nothing of the entry: rules may bear with a bad
   * signature. `isSaid`: false where voters' statements only stand for those that they will be asked for.
   */
  isTrue(isSaid: boolean): boolean {
    const { verify, judge, openEnvelope } = this.#rules
    return (
      this.#delegated.every((asked) => openEnvelope(...asked).ok) &&
      (!isSaid || this.#signatures.every((signature) => verify(...signature))) &&
      this.#judged.every((asked) => judge(...asked).ok)
    )
  }

  /** What a pool holds is opened once: it is asked about many times before an entry carries it. */
  #open(field: Ipld, atMs: number): Result<SingleEnvelope, Rejection> {
    const isKept = field !== null && typeof field === 'object'
    const known = isKept ? this.#opened.get(field) : undefined
    if (known?.sig.by !== undefined) this.#delegated.push([field, atMs])
    if (known !== undefined) return ok(known)
    const opened = this.#rules.openEnvelope(field, atMs)
    if (isKept && opened.ok) this.#opened.set(field, opened.value)
    return opened
  }
}
