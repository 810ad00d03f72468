import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId, Seq } from '../../model/ids.ts'
import { SEQ_FIRST, seqAfter } from '../../model/thread-clock.ts'
import type { ThreadDraft } from './draft.ts'
import { counts, type SenderState, type SlotBodies, slotOf } from './view.ts'

/** Two accepted bodies with one (thread, sender, seq): the first two to come, or the two with the smallest ids. */
export interface Equivocation {
  readonly sender: Did
  readonly seq: Seq
  /** Ascending. */
  readonly ids: readonly [EnvelopeId, EnvelopeId]
}

/**
 * Adds a lawful envelope to the draft, and takes back what a fork that it reveals no longer lets count.
 * Returns the proof when it is the second body of its `seq`; further bodies add nothing to prove.
 * Costs O(1), or O(the sender's envelopes) when the sender's fork moves to a lower `seq`.
 *
 * 1. An envelope counts until its sender is forked at its `seq` or before.
 * 2. `namedBy` counts counting children; `heads` are the counting envelopes without any.
 * 3. A fork only ever moves down, so what stopped counting never counts again.
 */
export function accept(draft: ThreadDraft, header: EnvelopeHeader): Equivocation | null {
  const { id, sender, seq } = header
  const before = draft.senders.get(sender)
  // Up to here, not included, the sender's envelopes have counted so far.
  const end = before === undefined ? SEQ_FIRST : (before.forkedAt ?? before.seqMax + 1)
  const slot = slotOf(sender, seq)
  const others = draft.slots.get(slot)
  const bodies = withBody(others, id)
  const forks = others !== undefined && seq < end

  draft.accepted.set(id, header)
  for (const named of header.prev) draft.tips.delete(named)
  draft.tips.set(id, header)
  draft.slots.set(slot, bodies)
  draft.senders.set(sender, withEnvelope(before, header, forks))
  if (forks) retract(draft, header, end)
  if (counts(draft, id)) count(draft, header)
  return others?.length === 1 && bodies.length === 2 ? { sender, seq, ids: bodies } : null
}

function withBody(bodies: SlotBodies | undefined, id: EnvelopeId): SlotBodies {
  if (bodies === undefined) return [id]
  const [first, second] = bodies
  if (id < first) return [id, first]
  return second === undefined || id < second ? [first, id] : bodies
}

function withEnvelope(
  before: SenderState | undefined,
  { id, seq }: EnvelopeHeader,
  forks: boolean,
): SenderState {
  if (before === undefined) return { count: 1, seqMax: seq, last: id, forkedAt: null }
  const isLast = seq > before.seqMax || (seq === before.seqMax && id < before.last)
  return {
    count: before.count + 1,
    seqMax: isLast ? seq : before.seqMax,
    last: isLast ? id : before.last,
    forkedAt: forks ? seq : before.forkedAt,
  }
}

/** Takes back what counted of the sender from the fork on; below `end` each `seq` had one body. */
function retract(draft: ThreadDraft, fork: EnvelopeHeader, end: number): void {
  for (let seq = fork.seq; seq < end; seq = seqAfter(seq)) {
    for (const id of draft.slots.get(slotOf(fork.sender, seq)) ?? []) {
      const header = draft.accepted.get(id)
      if (header !== undefined && id !== fork.id) uncount(draft, header)
    }
  }
}

function count(draft: ThreadDraft, header: EnvelopeHeader): void {
  for (const named of header.prev) {
    draft.namedBy.set(named, (draft.namedBy.get(named) ?? 0) + 1)
    draft.heads.delete(named)
  }
  draft.heads.set(header.id, header)
}

function uncount(draft: ThreadDraft, header: EnvelopeHeader): void {
  draft.heads.delete(header.id)
  for (const named of header.prev) {
    const left = (draft.namedBy.get(named) ?? 0) - 1
    if (left > 0) {
      draft.namedBy.set(named, left)
      continue
    }
    draft.namedBy.delete(named)
    const parent = draft.accepted.get(named)
    if (parent !== undefined && counts(draft, named)) draft.heads.set(named, parent)
  }
}
