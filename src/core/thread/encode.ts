import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import { compareCausally } from './order.ts'
import { heads, linearize } from './queries.ts'
import type { ThreadView } from './view.ts'

/**
 * The agreed state: the same bytes on every node that was given the same lawful envelopes, whatever else it
 * was given and in whatever order. Canonical dag-cbor of
 * { thread, accepted: [[id, sender, seq, lamport, opens, prev]…], forks: [[sender, forkedAt]…], heads: [id…] },
 * accepted in causal order, the others ascending.
 */
export function encodeThread(view: ThreadView): Uint8Array {
  return encodeDagCbor({
    thread: view.thread,
    accepted: linearize(view).map(rowOf),
    forks: forksOf(view),
    heads: heads(view),
  })
}

/** The hold alone, rows as in `encodeThread`; nodes agree on it only while no bound of theirs is reached. */
export function encodeHeld(view: ThreadView): Uint8Array {
  return encodeDagCbor([...view.held.values()].sort(compareCausally).map(rowOf))
}

function rowOf({ id, sender, seq, lamport, opens, prev }: EnvelopeHeader): Ipld {
  return [id, sender, seq, lamport, opens, prev]
}

function forksOf(view: ThreadView): Ipld {
  const forked = [...view.senders].filter(([, state]) => state.forkedAt !== null)
  return forked
    .map(([sender, state]) => [sender, state.forkedAt])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
