/** Everything that `next` leads to from a task, the task itself left out; nearest first. */
export function walk(task: string, next: (task: string) => readonly string[]): readonly string[] {
  const found = new Set([task])
  // A Set goes on with what is added while it is walked.
  for (const at of found) for (const one of next(at)) found.add(one)
  found.delete(task)
  return [...found]
}

/**
 * Tasks of a graph without cycles, each after all that edges lead to from it; of those that may stand next, the smallest
 * first. Both ends of every edge are among the tasks. Source: Kahn's algorithm, with a heap for the choice.
 */
export function topologicalOrder(
  tasks: ReadonlySet<string>,
  edges: readonly { readonly from: string; readonly to: string }[],
): readonly string[] {
  const waitsFor = new Map<string, number>()
  const waiting = Map.groupBy(edges, ({ to }) => to)
  for (const { from } of edges) waitsFor.set(from, (waitsFor.get(from) ?? 0) + 1)
  const next = new TextHeap()
  for (const task of tasks) if (!waitsFor.has(task)) next.push(task)
  const order: string[] = []
  for (let task = next.pop(); task !== undefined; task = next.pop()) {
    order.push(task)
    for (const { from } of waiting.get(task) ?? []) {
      const left = (waitsFor.get(from) ?? 0) - 1
      waitsFor.set(from, left)
      if (left === 0) next.push(from)
    }
  }
  return order
}

/** A binary heap of texts, smallest first. */
class TextHeap {
  readonly #texts: string[] = []

  push(text: string): void {
    let at = this.#texts.push(text) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (this.#at(above) <= text) break
      this.#texts[at] = this.#at(above)
      at = above
    }
    this.#texts[at] = text
  }

  pop(): string | undefined {
    const smallest = this.#texts[0]
    const last = this.#texts.pop()
    if (last === undefined || this.#texts.length === 0) return smallest
    this.#sink(last)
    return smallest
  }

  #sink(text: string): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.#texts.length) break
      const isRight = left + 1 < this.#texts.length && this.#at(left + 1) < this.#at(left)
      const below = isRight ? left + 1 : left
      if (this.#at(below) >= text) break
      this.#texts[at] = this.#at(below)
      at = below
    }
    this.#texts[at] = text
  }

  #at(place: number): string {
    return this.#texts[place] as string
  }
}
