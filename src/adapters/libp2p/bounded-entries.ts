/** Values by name, bounded in number and bytes: beyond, what was written longest ago goes. */
export class BoundedEntries {
  readonly #entriesMax: number
  readonly #bytesMax: number
  readonly #entries = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(entriesMax: number, bytesMax: number) {
    this.#entriesMax = entriesMax
    this.#bytesMax = bytesMax
  }

  get(name: string): Uint8Array | undefined {
    return this.#entries.get(name)
  }

  set(name: string, value: Uint8Array): void {
    this.delete(name)
    this.#entries.set(name, value)
    this.#bytes += cost(name, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#entriesMax && this.#bytes <= this.#bytesMax) return
      this.delete(oldest)
    }
  }

  /** Whether there was one. */
  delete(name: string): boolean {
    const value = this.#entries.get(name)
    if (value === undefined) return false
    this.#bytes -= cost(name, value)
    return this.#entries.delete(name)
  }

  /** As they are now; later changes do not show. */
  copy(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#entries)
  }
}

function cost(name: string, value: Uint8Array): number {
  return name.length + value.length
}
