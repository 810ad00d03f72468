import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { NeedPool, type Pooled } from '../../core/proposer/pool.ts'

/** Needs that nobody here has heard of, for which something was said. */
const EARLY_NEEDS_MAX = 4_096
/** Of each. */
const EARLY_MAX = 64

/**
 * What this voter has seen of every need: a need's pool lives from the first word on until it is over. What is said of a
 * need before it is open here is kept, within bounds.
 */
export class NeedPools {
  readonly #pools = new Map<string, NeedPool>()
  readonly #early = new Map<string, number>()

  /** Of a need that is open here, or that something was said of. */
  of(need: string): NeedPool {
    const known = this.#pools.get(need)
    if (known !== undefined) return known
    const made = new NeedPool()
    this.#pools.set(need, made)
    return made
  }

  /** False: it is over the bounds, and can come again. */
  add(
    need: string,
    isOpen: boolean,
    envelope: SingleEnvelope,
    field: Pooled['field'],
    slot: number,
  ): boolean {
    if (!isOpen && !this.#admitEarly(need)) return false
    return this.of(need).add({ envelope, field, seenAt: slot })
  }

  opened(need: string): void {
    this.#early.delete(need)
  }

  forget(need: string): void {
    this.#pools.delete(need)
    this.#early.delete(need)
  }

  #admitEarly(need: string): boolean {
    const said = this.#early.get(need) ?? 0
    if (said >= EARLY_MAX) return false
    this.#early.set(need, said + 1)
    const [oldest] = this.#early.keys()
    if (this.#early.size > EARLY_NEEDS_MAX && oldest !== undefined) this.forget(oldest)
    return true
  }
}
