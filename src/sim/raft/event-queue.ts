interface Event {
  readonly at: number
  readonly order: number
  readonly act: () => void
}

/** What is to happen, by virtual time; what is due at the same time happens in the order in which it was asked for. */
export class EventQueue {
  readonly #heap: Event[] = []
  #order = 0
  now = 0

  after(delay: number, act: () => void): void {
    this.#heap.push({ at: this.now + delay, order: this.#order++, act })
    this.#up(this.#heap.length - 1)
  }

  /** Does the next one. False: nothing is left. */
  step(): boolean {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined) return false
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#down(0)
    }
    this.now = first.at
    first.act()
    return true
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, two] = [this.#heap[a] as Event, this.#heap[b] as Event]
    return one.at < two.at || (one.at === two.at && one.order < two.order)
  }

  #swap(a: number, b: number): void {
    const kept = this.#heap[a] as Event
    this.#heap[a] = this.#heap[b] as Event
    this.#heap[b] = kept
  }
}
