/** A list of numbers read as choices: a shorter or smaller list makes a smaller thing, so that fast-check can shrink. */
export class Tape {
  readonly #choices: readonly number[]
  #at = 0

  constructor(choices: readonly number[]) {
    this.#choices = choices
  }

  get ended(): boolean {
    return this.#at >= this.#choices.length
  }

  /** An integer in [0, below); 0 once the tape has ended. */
  below(below: number): number {
    return (this.#choices[this.#at++] ?? 0) % below
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}
