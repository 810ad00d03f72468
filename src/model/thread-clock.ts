import { assert } from './fault.ts'
import type { Lamport, Seq } from './ids.ts'

/** The first number of every sender in every thread. */
export const SEQ_FIRST = 1 as Seq

/** The sender's next number. Crashes past 2^53 - 1, which the limits of a thread keep out of reach. */
export function seqAfter(seq: Seq): Seq {
  assert(Number.isSafeInteger(seq + 1), `no seq after ${seq}`)
  return (seq + 1) as Seq
}

/**
 * The smallest clock reading after all of `seen`; 1 after none. Crashes past 2^53 - 1, which would take
 * 2^41 envelopes in a row that each use their whole allowance.
 * Source: protocol.md, "Envelope", `lamport`.
 */
export function lamportAfter(seen: Iterable<Lamport>): Lamport {
  let max = 0
  for (const lamport of seen) max = Math.max(max, lamport)
  assert(Number.isSafeInteger(max + 1), `no lamport after ${max}`)
  return (max + 1) as Lamport
}
