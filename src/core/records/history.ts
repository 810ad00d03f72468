/**
 * Chains of hashes: a need's entries, each after the one before. The leaf of an applied item names the head after it
 * (`Subject`), so that one inclusion proof covers a whole history and shows nothing of other needs.
 * Source: consensus.md, "Certificates"; record.md, "History and export".
 */
import type { Subject } from '../../codec/certificate/leaf.ts'
import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { SlotFacts } from './world.ts'

/** Chain head before a need's first entry. */
export const HISTORY_START: Uint8Array = new Uint8Array(32)

/** Head after an applied item, whose bytes are those of `encodeItem`. */
export function nextHead(prev: Uint8Array, item: Uint8Array, sha256: Sha256): Uint8Array {
  return hashDagCbor(['canswarm/history/1', prev, sha256(item)], sha256)
}

/** Head of a slot's subject. Source: record.md, "Replay" (5). */
export function slotHead(facts: SlotFacts, sha256: Sha256): Uint8Array {
  const { n, time, clock, beacon, roster, registry } = facts
  return hashDagCbor(['canswarm/slot/1', n, time, clock, beacon ?? null, roster, registry], sha256)
}

export function slotSubject(facts: SlotFacts, sha256: Sha256): Subject {
  return { name: `slot/${facts.n}`, head: slotHead(facts, sha256) }
}
