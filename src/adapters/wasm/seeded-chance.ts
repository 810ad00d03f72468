import { hash } from 'node:crypto'

const BLOCK_BYTES = 32

/**
 * An endless stream of bytes of a seed: SHA-256 of the seed and a counter of 8 bytes, big-endian, block after block.
 * The same seed gives the same bytes on every node.
 */
export class SeededChance {
  readonly #input: Uint8Array
  #block: Uint8Array = new Uint8Array(0)
  #at = BLOCK_BYTES
  #blocks = 0n

  /** `seed`: copied. */
  constructor(seed: Uint8Array) {
    this.#input = new Uint8Array(seed.length + 8)
    this.#input.set(seed)
  }

  fill(target: Uint8Array): void {
    for (let at = 0; at < target.length; ) {
      if (this.#at === BLOCK_BYTES) this.#next()
      const piece = this.#block.subarray(this.#at, this.#at + target.length - at)
      target.set(piece, at)
      at += piece.length
      this.#at += piece.length
    }
  }

  #next(): void {
    new DataView(this.#input.buffer, this.#input.length - 8).setBigUint64(0, this.#blocks++)
    this.#block = hash('sha256', this.#input, 'buffer')
    this.#at = 0
  }
}
