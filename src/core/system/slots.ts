import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import { merkleRoot } from '../../codec/merkle/root.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { View } from '../records/view.ts'
import type { SlotFacts } from '../records/world.ts'
import { type HubTables, slotKey } from './tables.ts'

/** Slots that the state holds; older ones are in the log. */
export const SLOTS_KEPT = 4_096

/** What everybody knows of a slot; undefined for one that was not made yet, or long ago. */
export function slotFacts(view: View<HubTables>, n: number): SlotFacts | undefined {
  return view.get('slots', slotKey(n))
}

/** Beacon of a slot whose voter showed its link. Source: consensus.md, "Time and chance: slots". */
export function nextBeacon(previous: Uint8Array, link: Uint8Array, sha256: Sha256): Uint8Array {
  return hashDagCbor(['canswarm/beacon/1', previous, link], sha256)
}

/** RFC 6962 root over the registry's records, in the order of DIDs. */
export function registryRoot(view: View<HubTables>, sha256: Sha256): Uint8Array {
  const leaves = view.keys('agents').flatMap((did) => view.get('agents', did)?.leaf ?? [])
  return merkleRoot(leaves, sha256)
}
