import { hash } from 'node:crypto'

const SEED_BYTES = 32
const BLOCK_BYTES = 32

/**
 * An endless stream of bytes of a seed of 32 bytes: SHA-256 of the seed and a counter, block after block. The
 * same seed gives the same bytes; who does not know it cannot foresee them.
 */
export function seededBytes(seed: Uint8Array): (target: Uint8Array) => void {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`)
  const input = new Uint8Array(SEED_BYTES + 8)
  input.set(seed)
  const counter = new DataView(input.buffer, SEED_BYTES)
  let blocks = 0n
  let block: Uint8Array = new Uint8Array(0)
  let at = BLOCK_BYTES
  return (target) => {
    for (let i = 0; i < target.length; i++) {
      if (at === BLOCK_BYTES) {
        counter.setBigUint64(0, blocks++, true)
        block = hash('sha256', input, 'buffer')
        at = 0
      }
      target[i] = block[at++] ?? 0
    }
  }
}
