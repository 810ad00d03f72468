import { equalBytes } from '../../codec/bytes.ts'
import { HASH_BYTES, nodeHash } from '../../codec/merkle/hash.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** A node that leads to the root by the rest of a path. */
interface KnownNode {
  readonly hash: Uint8Array
  readonly path: readonly Uint8Array[]
  /** Where in the path the rest begins. */
  readonly from: number
}

/**
 * Inclusion of many leaves of one tree: the same answers as `verifyInclusion`, but nodes that were on the way of an
 * earlier leaf are compared instead of hashed, so leaves beside one another cost two hashes each, not one a level.
 * Source: RFC 9162, 2.1.3.2.
 */
export class PathCheck {
  readonly #size: number
  readonly #root: Uint8Array
  readonly #sha256: Sha256
  /** By place of the node: its number and that of the last one of its level. */
  readonly #known = new Map<string, KnownNode>()

  constructor(size: number, root: Uint8Array, sha256: Sha256) {
    this.#size = size
    this.#root = root
    this.#sha256 = sha256
  }

  /** For input of others: false, never a throw. */
  includes(leafHash: Uint8Array, index: number, path: readonly Uint8Array[]): boolean {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return false
    if (leafHash.length !== HASH_BYTES || path.some((hash) => hash.length !== HASH_BYTES)) return false
    const way = new Map<string, KnownNode>()
    let [at, last, hash] = [index, this.#size - 1, leafHash]
    for (const [from, sibling] of path.entries()) {
      if (last === 0) return false
      const place = `${at} ${last}`
      if (this.#leads(place, hash, path, from)) return this.#learn(way)
      way.set(place, { hash, path, from })
      if (at % 2 === 1 || at === last) {
        hash = nodeHash(sibling, hash, this.#sha256)
        while (at % 2 === 0 && at !== 0) {
          at /= 2
          last = Math.floor(last / 2)
        }
      } else hash = nodeHash(hash, sibling, this.#sha256)
      at = Math.floor(at / 2)
      last = Math.floor(last / 2)
    }
    return last === 0 && equalBytes(hash, this.#root) && this.#learn(way)
  }

  #leads(place: string, hash: Uint8Array, path: readonly Uint8Array[], from: number): boolean {
    const known = this.#known.get(place)
    if (known === undefined || !equalBytes(known.hash, hash)) return false
    if (known.path.length - known.from !== path.length - from) return false
    for (let n = 0; from + n < path.length; n++) {
      if (!equalBytes(path[from + n] as Uint8Array, known.path[known.from + n] as Uint8Array)) return false
    }
    return true
  }

  #learn(way: ReadonlyMap<string, KnownNode>): true {
    for (const [place, node] of way) this.#known.set(place, node)
    return true
  }
}
