import { EMPTY_FRONTIER, type Frontier } from '../../codec/certificate/frontier.ts'
import { consistencyOf } from '../../codec/merkle/consistency.ts'
import { LogTree, rootOfPeaks } from '../../core/certificate/log-tree.ts'
import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Leaves of a whole chunk: a power of two. */
export const CHUNK_LEAVES = 64

/**
 * The RFC 6962 tree of a log, of which nothing below the roots of chunks is kept but what follows the last whole one: 64 bytes
 * for 64 leaves. What lies inside of chunks has to be brought, at most two of them for a proof.
 */
export class ThinTree {
  readonly #sha256: Sha256
  /** Its leaves are the roots of whole chunks. */
  readonly #top: LogTree
  #tail: LogTree

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
    this.#top = new LogTree(EMPTY_FRONTIER, sha256)
    this.#tail = new LogTree(EMPTY_FRONTIER, sha256)
  }

  get size(): number {
    return this.#top.size * CHUNK_LEAVES + this.#tail.size
  }

  append(leafHash: Uint8Array): void {
    this.#tail.append(leafHash)
    if (this.#tail.size < CHUNK_LEAVES) return
    this.#top.append(this.#tail.root())
    this.#tail = new LogTree(EMPTY_FRONTIER, this.#sha256)
  }

  /** What a tree that goes on from here needs. */
  frontier(): Frontier {
    return { size: this.size, peaks: [...this.#top.frontier().peaks, ...this.#tail.frontier().peaks] }
  }

  /** The chunk that is not whole yet, with its number; it grows on. */
  get tail(): readonly [number: number, leaves: LogTree] {
    return [this.#top.size, this.#tail]
  }

  /**
   * That the first `size` leaves begin the tree of the first `of`, as `LogTree.consistency`. Asserts that `chunks` has each
   * chunk inside of which one of the two ends.
   */
  consistency(size: number, of: number, chunks: ReadonlyMap<number, LogTree>): Uint8Array[] {
    assert(0 <= size && size <= of && of <= this.size, 'a proof is of sizes that are known')
    return consistencyOf(size, of, (from, to) => rootOfPeaks(this.#peaks(from, to, chunks), this.#sha256))
  }

  #peaks(from: number, to: number, chunks: ReadonlyMap<number, LogTree>): readonly Uint8Array[] {
    const [first, last] = [chunkOf(from), chunkOf(to)]
    const [start, rest] = [from - first * CHUNK_LEAVES, to - last * CHUNK_LEAVES]
    if (first === last || start > 0) {
      const end = to - first * CHUNK_LEAVES
      return brought(chunks, first).peaks(start, end)
    }
    const whole = this.#top.peaks(first, last)
    return rest === 0 ? whole : [...whole, ...brought(chunks, last).peaks(0, rest)]
  }
}

/** Number of the chunk that a leaf is in. */
function chunkOf(leaf: number): number {
  return Math.floor(leaf / CHUNK_LEAVES)
}

/** Chunks inside of which trees of these sizes end. */
export function chunksWithin(...sizes: readonly number[]): readonly number[] {
  return sizes.filter((size) => size % CHUNK_LEAVES > 0).map(chunkOf)
}

function brought(chunks: ReadonlyMap<number, LogTree>, number: number): LogTree {
  const chunk = chunks.get(number)
  assert(chunk !== undefined, 'what lies inside of a chunk is brought')
  return chunk
}
