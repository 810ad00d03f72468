import { PREV_MAX } from '../../codec/envelope/limits.ts'
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId, Lamport, Seq } from '../../model/ids.ts'
import { lamportAfter, SEQ_FIRST, seqAfter } from '../../model/thread-clock.ts'
import type { ThreadView } from './view.ts'

/** What a signer writes into its next envelope of a thread. */
export interface NextPlace {
  readonly seq: Seq
  readonly lamport: Lamport
  /** Own previous one first, then heads by falling `lamport`; at most 8. */
  readonly prev: readonly EnvelopeId[]
}

/**
 * The sender's place after all that `view` shows: always lawful for a thread that is open, within its limits.
 * In an empty thread it is the opener's place, lawful for the requester alone.
 *
 * A sender whose own envelopes are held (`senderGaps` names it) has lost state, and must wait for them: what
 * it signs now would equivocate. With more than 7 heads of others the oldest wait for the next envelope.
 */
export function nextFor(view: ThreadView, sender: Did): NextPlace {
  const own = view.senders.get(sender)
  const last = own === undefined ? undefined : view.accepted.get(own.last)
  const named = last === undefined ? [] : [last]
  named.push(...headsOfOthers(view, sender, PREV_MAX - named.length))
  if (named.length === 0) named.push(...forkedOpener(view))
  return {
    seq: own === undefined ? SEQ_FIRST : seqAfter(own.seqMax),
    lamport: lamportAfter(named.map((header) => header.lamport)),
    prev: named.map((header) => header.id),
  }
}

/** A forked sender's last counting envelope may be a head beside `last`; only one own may be named. */
function headsOfOthers(view: ThreadView, sender: Did, most: number): EnvelopeHeader[] {
  return [...view.heads.values()]
    .filter((head) => head.sender !== sender)
    .sort((a, b) => b.lamport - a.lamport || (a.id < b.id ? -1 : 1))
    .slice(0, most)
}

/**
 * When every sender is forked at 1 nothing counts and there is no head, and yet others must be able to speak
 * (a bucket entry may carry one of the needs): they build on the opener with the smallest id. Walks the whole
 * thread, which is over once somebody has spoken.
 */
function forkedOpener(view: ThreadView): EnvelopeHeader[] {
  const openers = [...view.accepted.values()].filter(({ prev }) => prev.length === 0)
  return openers.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, 1)
}
