import { assert } from '../../model/fault.ts'

/** The largest whole number whose square is at most `value`. Asserts 0 or more. Newton's method from above. */
export function isqrt(value: bigint): bigint {
  assert(value >= 0n, 'a square root is of 0 or more')
  if (value < 2n) return value
  // A power of two above the root, so that the sequence falls until it is there.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
