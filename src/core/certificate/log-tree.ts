import type { Frontier } from '../../codec/certificate/frontier.ts'
import { TREE_LEVELS_MAX } from '../../codec/certificate/voter-chain.ts'
import { consistencyOf } from '../../codec/merkle/consistency.ts'
import { HASH_BYTES, nodeHash } from '../../codec/merkle/hash.ts'
import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { HashList } from './hash-list.ts'

/**
 * The RFC 6962 tree of a log that only grows: appending hashes each node once, when it is whole, so a leaf costs two
 * hashes on average; a root or a path of any size since the start costs at most one hash a level. Takes 64 bytes a
 * leaf; `forget` gives back those of old ones.
 */
export class LogTree {
  readonly #sha256: Sha256
  /** Whole nodes, by level from the leaves up. */
  readonly #levels: HashList[]
  #size: number
  #first: number

  /** Goes on from a frontier: roots and paths are of sizes and leaves from there on. Asserts its form. */
  constructor(frontier: Frontier, sha256: Sha256) {
    this.#sha256 = sha256
    this.#size = frontier.size
    this.#first = frontier.size
    this.#levels = levelsOf(frontier)
  }

  get size(): number {
    return this.#size
  }

  /** The first size of which a root is known, and the first leaf of which a path is. */
  get first(): number {
    return this.#first
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash
    let at = this.#size
    for (let level = 0; ; level++) {
      const list = this.#level(level)
      list.push(hash)
      if (at % 2 === 0) break
      hash = nodeHash(list.get(at - 1), hash, this.#sha256)
      at = (at - 1) / 2
    }
    this.#size += 1
  }

  /** Of the first `size` leaves: all by default. Asserts first <= size <= all. */
  root(size: number = this.#size): Uint8Array {
    assert(this.#first <= size && size <= this.#size, 'a root is of a size that is known')
    return size === 0 ? this.#sha256(new Uint8Array()) : this.#rootOfRange(0, size)
  }

  /** Siblings of a leaf from below up, for `verifyInclusion`. Asserts first <= index < size <= all. */
  path(index: number, size: number = this.#size): Uint8Array[] {
    assert(
      this.#first <= index && index < size && size <= this.#size,
      'a path is that of a leaf that is known',
    )
    const path: Uint8Array[] = []
    let at = index
    for (let level = 0, width = 1; width < size; level++, width *= 2) {
      const sibling = at % 2 === 0 ? at + 1 : at - 1
      const from = sibling * width
      if (from + width <= size) path.push(this.#node(level, sibling))
      else if (from < size) path.push(this.#rootOfRange(from, size))
      at = Math.floor(at / 2)
    }
    return path
  }

  /**
   * That the first `size` leaves begin the tree of the first `of`, for `verifyConsistency`: RFC 6962, 2.1.2. Asserts
   * first <= size <= of <= all.
   */
  consistency(size: number, of: number): Uint8Array[] {
    assert(this.#first <= size && size <= of && of <= this.#size, 'a proof is of sizes that are known')
    return consistencyOf(size, of, (from, to) => this.#rootOfRange(from, to))
  }

  /** What a tree that goes on from a size needs: all by default. Asserts first <= size <= all. */
  frontier(size: number = this.#size): Frontier {
    assert(this.#first <= size && size <= this.#size, 'a frontier is of a size that is known')
    return { size, peaks: this.peaks(0, size).map((peak) => peak.slice()) }
  }

  /** Hashes of the leaves from `from` on, one after another. Asserts first <= from <= size. */
  leaves(from: number): Uint8Array {
    assert(this.#first <= from && from <= this.#size, 'leaves that are known')
    const bytes = new Uint8Array((this.#size - from) * HASH_BYTES)
    for (let at = from; at < this.#size; at++) bytes.set(this.#node(0, at), (at - from) * HASH_BYTES)
    return bytes
  }

  /** Forgets what only leaves and sizes before `first` need. Asserts that it is not beyond the size. */
  forget(first: number): void {
    assert(first <= this.#size, 'only what was appended is forgotten')
    if (first <= this.#first) return
    this.#first = first
    for (const [level, list] of this.#levels.entries()) list.dropBefore(firstKept(first, level))
  }

  #node(level: number, at: number): Uint8Array {
    return this.#level(level).get(at)
  }

  #level(level: number): HashList {
    const list = this.#levels[level] ?? new HashList(0)
    this.#levels[level] = list
    return list
  }

  /** Root over the leaves [from, to); `from` begins a whole node that is at least as wide. */
  #rootOfRange(from: number, to: number): Uint8Array {
    return rootOfPeaks(this.peaks(from, to), this.#sha256)
  }

  /**
   * Whole nodes that make up the leaves [from, to), the widest first: views. `from` begins a node at least as wide as the
   * range. Asserts that they are known.
   */
  peaks(from: number, to: number): Uint8Array[] {
    const peaks: Uint8Array[] = []
    let at = from
    for (let level = TREE_LEVELS_MAX; level >= 0; level--) {
      const width = 2 ** level
      if (to - at < width) continue
      peaks.push(this.#node(level, at / width))
      at += width
    }
    return peaks
  }
}

/** Of whole nodes side by side, the widest first. Asserts that there is one. */
export function rootOfPeaks(peaks: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  const last = peaks.at(-1)
  assert(last !== undefined, 'a root is of something')
  return peaks.slice(0, -1).reduceRight((hash, peak) => nodeHash(peak, hash, sha256), last)
}

/** At a level, the first whole node that sizes and leaves from `first` on need. */
function firstKept(first: number, level: number): number {
  const whole = Math.floor(first / 2 ** level)
  return whole % 2 === 1 ? whole - 1 : whole
}

function levelsOf({ size, peaks }: Frontier): HashList[] {
  const levels: HashList[] = []
  let rest = peaks.length
  for (let level = 0; 2 ** level <= size; level++) {
    const list = new HashList(firstKept(size, level))
    const isPeak = Math.floor(size / 2 ** level) % 2 === 1
    if (isPeak) {
      rest -= 1
      const peak = peaks[rest]
      assert(peak !== undefined, 'a frontier has a peak for each bit of its size')
      list.push(peak)
    }
    levels.push(list)
  }
  assert(rest === 0, 'a frontier has a peak for each bit of its size')
  return levels
}
