import type { BlockName } from './block-name.ts'

/** Blocks that one call is about to keep. */
export interface Keeping {
  keep(name: BlockName): void
  /** What the call kept is on record now, or nobody wants it. */
  end(): void
}

/**
 * Blocks of calls that are under way: they are on disk before any record refers to them. While blocks are collected,
 * what a call ended with is held on to, because the collector may have read the records before.
 */
export class KeptBlocks {
  readonly #open = new Set<Set<BlockName>>()
  readonly #ended = new Set<Set<BlockName>>()
  #isCollecting = false

  begin(): Keeping {
    const names = new Set<BlockName>()
    this.#open.add(names)
    return {
      keep: (name) => void names.add(name),
      end: () => {
        if (this.#open.delete(names) && this.#isCollecting) this.#ended.add(names)
      },
    }
  }

  has(name: BlockName): boolean {
    return [...this.#open, ...this.#ended].some((names) => names.has(name))
  }

  startCollecting(): void {
    this.#isCollecting = true
  }

  endCollecting(): void {
    this.#isCollecting = false
    this.#ended.clear()
  }
}
