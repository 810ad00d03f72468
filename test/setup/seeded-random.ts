import type { Random } from '../../src/ports/random.ts'

/** Bytes that follow from a seed: xorshift32. For tests alone. */
export function seededRandom(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state & 0xff
  }
  return { bytes: (count) => Uint8Array.from({ length: count }, next) }
}
