/**
 * Things that wait, by who they are for: who has many waits for those who have few. Each has at most `perOwnerMax` waiting,
 * all together at most `max`. Takes memory for those alone who have something waiting.
 */
export class RoundRobin<Owner, Thing> {
  /** Whose turn comes first is first. */
  readonly #waiting = new Map<Owner, Thing[]>()
  readonly #perOwnerMax: number
  readonly #max: number
  #size = 0

  constructor(perOwnerMax: number, max: number) {
    this.#perOwnerMax = perOwnerMax
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Who has something waiting, in the order of their turns. */
  get owners(): readonly Owner[] {
    return [...this.#waiting.keys()]
  }

  /** False, and it does not wait: there is no room. */
  offer(owner: Owner, thing: Thing): boolean {
    const things = this.#waiting.get(owner) ?? []
    if (things.length >= this.#perOwnerMax || this.#size >= this.#max) return false
    things.push(thing)
    this.#size += 1
    if (things.length === 1) this.#waiting.set(owner, things)
    return true
  }

  /** What has waited longest of the first whose turn it may be: who then goes last. Undefined: of nobody. */
  take(mayHave: (owner: Owner) => boolean = () => true): Thing | undefined {
    for (const [owner, things] of this.#waiting) {
      if (!mayHave(owner)) continue
      const thing = things.shift()
      this.#size -= 1
      this.#waiting.delete(owner)
      if (things.length > 0) this.#waiting.set(owner, things)
      return thing
    }
    return undefined
  }

  /** All that waits for one, which waits no more. */
  drop(owner: Owner): readonly Thing[] {
    const things = this.#waiting.get(owner) ?? []
    this.#waiting.delete(owner)
    this.#size -= things.length
    return things
  }
}
