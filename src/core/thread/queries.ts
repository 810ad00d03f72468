import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId, Seq } from '../../model/ids.ts'
import { SEQ_FIRST, seqAfter } from '../../model/thread-clock.ts'
import type { Equivocation } from './accept.ts'
import { compareCausally } from './order.ts'
import { slotOf, type ThreadView } from './view.ts'

/** Ids of the heads, ascending. Empty before the opener, and where every sender is forked at 1. */
export function heads(view: ThreadView): EnvelopeId[] {
  return [...view.heads.keys()].sort()
}

/** All accepted envelopes, parents before children, those that do not count included (`order.ts`). */
export function linearize(view: ThreadView): EnvelopeHeader[] {
  return [...view.accepted.values()].sort(compareCausally)
}

/** What held envelopes wait for and nobody has sent, ids ascending: the reconciler's fetch list. */
export function missing(view: ThreadView): EnvelopeId[] {
  return [...view.waiting.keys()].filter((id) => !view.held.has(id)).sort()
}

/** Numbers of one sender that are neither accepted nor held, though a later one is held. */
export interface SenderGap {
  readonly sender: Did
  readonly from: Seq
  /** The one after the gap, which is known. */
  readonly before: Seq
}

/** Every gap that a held envelope shows, by sender and `from`. Source: network.md, "gap in a sender's `seq`". */
export function senderGaps(view: ThreadView): SenderGap[] {
  const gaps: SenderGap[] = []
  for (const [sender, seqs] of heldSeqs(view)) {
    const seqMax = view.senders.get(sender)?.seqMax
    let expected = seqMax === undefined ? SEQ_FIRST : seqAfter(seqMax)
    for (const seq of seqs) {
      if (seq > expected) gaps.push({ sender, from: expected, before: seq })
      if (seq >= expected) expected = seqAfter(seq)
    }
  }
  return gaps
}

function heldSeqs(view: ThreadView): [Did, Seq[]][] {
  const seqsOf = new Map<Did, Seq[]>()
  for (const { sender, seq } of view.held.values()) {
    const seqs = seqsOf.get(sender)
    if (seqs === undefined) seqsOf.set(sender, [seq])
    else seqs.push(seq)
  }
  for (const seqs of seqsOf.values()) seqs.sort((a, b) => a - b)
  return [...seqsOf].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The proof for every forked `seq`, by sender and `seq`: of several bodies the two with the smallest ids. */
export function equivocations(view: ThreadView): Equivocation[] {
  const forks: Equivocation[] = []
  for (const [sender, { forkedAt, seqMax }] of view.senders) {
    if (forkedAt === null) continue
    for (let seq = forkedAt; seq <= seqMax; seq = seqAfter(seq)) {
      const bodies = view.slots.get(slotOf(sender, seq))
      if (bodies?.length === 2) forks.push({ sender, seq, ids: bodies })
    }
  }
  return forks.sort((a, b) => (a.sender === b.sender ? a.seq - b.seq : a.sender < b.sender ? -1 : 1))
}
