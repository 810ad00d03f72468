import { HASH_BYTES } from '../../codec/merkle/hash.ts'
import { assert } from '../../model/fault.ts'

const FIRST_HASHES = 8

/** Hashes by number, from a first one on, in one piece of memory: an array each would take five times as much. */
export class HashList {
  #bytes = new Uint8Array(FIRST_HASHES * HASH_BYTES)
  #first: number
  #count = 0

  constructor(first: number) {
    this.#first = first
  }

  push(hash: Uint8Array): void {
    assert(hash.length === HASH_BYTES, 'a hash of a tree has 32 bytes')
    if ((this.#count + 1) * HASH_BYTES > this.#bytes.length) this.#resize(2 * this.#count)
    this.#bytes.set(hash, this.#count * HASH_BYTES)
    this.#count += 1
  }

  /** A view that stays as it is. Asserts that it is there. */
  get(number: number): Uint8Array {
    const at = number - this.#first
    assert(at >= 0 && at < this.#count, 'a hash that is asked for is kept')
    return this.#bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
  }

  /** Forgets those before a number; the memory goes when most of it is not needed. */
  dropBefore(number: number): void {
    const gone = Math.min(number - this.#first, this.#count)
    if (gone <= 0) return
    const left = this.#bytes.slice(gone * HASH_BYTES, this.#count * HASH_BYTES)
    this.#first += gone
    this.#count -= gone
    this.#bytes = left
    this.#resize(Math.max(this.#count, FIRST_HASHES))
  }

  #resize(hashes: number): void {
    const bytes = new Uint8Array(hashes * HASH_BYTES)
    bytes.set(this.#bytes.subarray(0, this.#count * HASH_BYTES))
    this.#bytes = bytes
  }
}
