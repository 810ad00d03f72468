/**
 * Envelopes that came before their `prev`. The hold only saves fetching again: what it drops is named in a
 * `dropped` effect, and a peer that sends in causal order needs none of it.
 *
 * Nobody else can fill a sender's queue, since signatures are checked before; so the bound of a sender comes
 * first, and there the sender's own highest `lamport` goes, which is judged last anyway. When all queues
 * together are full, the longest gives way (B. Suter et al., INFOCOM 1998, "longest queue drop"), but only to
 * a sender who stays shorter; else the newcomer is refused. Evicting the highest `lamport` of all instead would
 * let a spammer, who chooses it freely, push out everybody's.
 *
 * What names an envelope that was refused stays here until it is let go: forgetting it at once would need a
 * memory of refused ids, or else depend on which of the two came first.
 */
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId } from '../../model/ids.ts'
import type { ThreadDraft } from './draft.ts'
import { missingPrev } from './law.ts'
import type { ThreadLimits } from './limits.ts'
import type { ThreadView } from './view.ts'

/** Adds to the hold; returns those of `missing` that nothing has waited for yet and that are not held themselves. */
export function hold(
  draft: ThreadDraft,
  header: EnvelopeHeader,
  missing: readonly EnvelopeId[],
): EnvelopeId[] {
  draft.held.set(header.id, header)
  draft.heldOf.set(header.sender, (draft.heldOf.get(header.sender) ?? 0) + 1)
  const unasked = missing.filter(
    (id) => draft.waiting.get(id) === undefined && draft.held.get(id) === undefined,
  )
  for (const id of missing) draft.waiting.set(id, [...(draft.waiting.get(id) ?? []), header.id])
  return unasked
}

/** Takes out of the hold, whatever the reason. */
export function release(draft: ThreadDraft, header: EnvelopeHeader): void {
  draft.held.delete(header.id)
  const left = (draft.heldOf.get(header.sender) ?? 0) - 1
  if (left > 0) draft.heldOf.set(header.sender, left)
  else draft.heldOf.delete(header.sender)
  for (const id of missingPrev(draft, header)) {
    const others = (draft.waiting.get(id) ?? []).filter((waiter) => waiter !== header.id)
    if (others.length > 0) draft.waiting.set(id, others)
    else draft.waiting.delete(id)
  }
}

/**
 * Which envelope makes room for `newcomer`: null when there is room, the newcomer itself when it is refused.
 * O(1) while there is room, else O(heldMax).
 */
export function chooseDropped(
  view: ThreadView,
  newcomer: EnvelopeHeader,
  limits: ThreadLimits,
): EnvelopeHeader | null {
  const own = view.heldOf.get(newcomer.sender) ?? 0
  if (own >= limits.heldPerSenderMax) return lastOf(view, newcomer.sender, newcomer)
  if (view.held.size < limits.heldMax) return null
  const longest = longestQueue(view, own + 1)
  if (longest !== null) return lastOf(view, longest, null)
  return own === 0 ? newcomer : lastOf(view, newcomer.sender, newcomer)
}

/** Sender with the most held envelopes, more than `length`; of several, the smallest DID. Null: nobody. */
function longestQueue(view: ThreadView, length: number): Did | null {
  let longest: Did | null = null
  let most = length
  for (const [sender, count] of view.heldOf) {
    const isLonger = count > most || (count === most && longest !== null && sender < longest)
    if (!isLonger) continue
    longest = sender
    most = count
  }
  return longest
}

/** The sender's held envelope with the highest `lamport`, then id; `newcomer` competes where there is one. */
function lastOf(view: ThreadView, sender: Did, newcomer: EnvelopeHeader | null): EnvelopeHeader | null {
  let last = newcomer
  for (const header of view.held.values()) {
    // Numbers first: comparing senders would be most of a spammer's cost to us.
    if ((last === null || isLater(header, last)) && header.sender === sender) last = header
  }
  return last
}

function isLater(a: EnvelopeHeader, b: EnvelopeHeader): boolean {
  return a.lamport > b.lamport || (a.lamport === b.lamport && a.id > b.id)
}
