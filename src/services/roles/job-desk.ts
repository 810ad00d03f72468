/** What is done in one lane shares its room. */
export interface Lane {
  readonly name: string
  readonly parallelMax: number
}

interface Entry<Value> {
  readonly lane: Lane
  readonly stop: AbortController
  readonly task: (signal: AbortSignal) => Promise<Value>
  isRunning: boolean
  value?: Value
}

/**
 * Runs pieces of work of needs, at most so many at once in a lane, the others in the order in which they came; each once, its
 * value kept until the need is forgotten.
 */
export class JobDesk<Value> {
  readonly #needs = new Map<string, Map<string, Entry<Value>>>()
  readonly #running = new Map<string, number>()
  readonly #queues = new Map<string, (readonly [need: string, key: string])[]>()
  readonly #onDone: (need: string) => void
  readonly #onFault: (fault: unknown) => void
  readonly #underway = new Set<Promise<void>>()

  /** `onFault`: a task rejected though nobody stopped it. */
  constructor(onDone: (need: string) => void, onFault: (fault: unknown) => void) {
    this.#onDone = onDone
    this.#onFault = onFault
  }

  value(need: string, key: string): Value | undefined {
    return this.#needs.get(need)?.get(key)?.value
  }

  /** Of one lane, or of all. */
  running(lane?: string): number {
    if (lane !== undefined) return this.#running.get(lane) ?? 0
    return [...this.#running.values()].reduce((sum, one) => sum + one, 0)
  }

  /** No-op for a key that was asked for before. */
  ask(need: string, key: string, lane: Lane, task: (signal: AbortSignal) => Promise<Value>): void {
    const entries = this.#needs.get(need) ?? new Map<string, Entry<Value>>()
    if (entries.has(key)) return
    this.#needs.set(need, entries.set(key, { lane, task, stop: new AbortController(), isRunning: false }))
    const queue = this.#queues.get(lane.name) ?? []
    queue.push([need, key])
    this.#queues.set(lane.name, queue)
    this.#advance(lane)
  }

  /** Stops what of the need is under way and not among these; finished values stay. */
  retain(need: string, wanted: ReadonlySet<string>): void {
    const entries = this.#needs.get(need)
    if (entries === undefined) return
    for (const [key, entry] of entries) {
      if (entry.value !== undefined || wanted.has(key)) continue
      entries.delete(key)
      entry.stop.abort(new Error('not wanted any more'))
    }
    if (entries.size === 0) this.#needs.delete(need)
  }

  forget(need: string): void {
    this.retain(need, new Set())
    this.#needs.delete(need)
  }

  /** Needs with work that is under way or kept. */
  get needs(): readonly string[] {
    return [...this.#needs.keys()]
  }

  /** Stops everything, and resolves when it has stopped. */
  async close(): Promise<void> {
    for (const need of this.needs) this.forget(need)
    await Promise.all(this.#underway)
  }

  #advance(lane: Lane): void {
    const queue = this.#queues.get(lane.name) ?? []
    while (this.running(lane.name) < lane.parallelMax) {
      const next = queue.shift()
      if (next === undefined) {
        this.#queues.delete(lane.name)
        return
      }
      const [need, key] = next
      const entry = this.#needs.get(need)?.get(key)
      if (entry === undefined || entry.isRunning || entry.value !== undefined) continue
      const run = this.#run(need, entry)
      this.#underway.add(run)
      void run.finally(() => this.#underway.delete(run))
    }
  }

  async #run(need: string, entry: Entry<Value>): Promise<void> {
    const { lane, stop, task } = entry
    entry.isRunning = true
    this.#running.set(lane.name, this.running(lane.name) + 1)
    try {
      const value = await task(stop.signal)
      if (!stop.signal.aborted) entry.value = value
    } catch (error) {
      if (!stop.signal.aborted) this.#onFault(error)
    } finally {
      entry.isRunning = false
      this.#running.set(lane.name, this.running(lane.name) - 1)
      this.#advance(lane)
    }
    if (entry.value !== undefined) this.#onDone(need)
  }
}
