/** Items in ascending order of `compare`, which calls no two of them equal. */
export class SortedList<Item> {
  readonly #items: Item[] = []
  readonly #compare: (a: Item, b: Item) => number

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare
  }

  get items(): readonly Item[] {
    return this.#items
  }

  /** Puts the item in; its place. At the end it costs one comparison. */
  add(item: Item): number {
    const place = this.#placeOf(item)
    this.#items.splice(place, 0, item)
    return place
  }

  #placeOf(item: Item): number {
    const last = this.#items.at(-1)
    if (last === undefined || this.#compare(last, item) < 0) return this.#items.length
    let from = 0
    let to = this.#items.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#compare(this.#items[middle] as Item, item) < 0) from = middle + 1
      else to = middle
    }
    return from
  }
}
