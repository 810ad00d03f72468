/**
 * How two nodes that meet again come to hold the same set of a thread: each tells its tips, and sends what the
 * other's do not cover. Heads would not do: what a forked sender made is behind no head, and yet it is evidence.
 * Source: network.md, "a gap in a sender's `seq` … reconnecting peers compare thread heads".
 */
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import { linearize } from './queries.ts'
import type { ThreadView } from './view.ts'

/** Ids, ascending, of the accepted envelopes that no accepted one names. Equal tips: equal accepted sets. */
export function tips(view: ThreadView): EnvelopeId[] {
  return [...view.tips.keys()].sort()
}

/** What two sides of a thread lack, as far as one of them can tell. */
export interface ThreadDifference {
  /** Tips of the peer that are neither accepted nor held here. */
  readonly fetch: readonly EnvelopeId[]
  /**
   * All that the peer lacks of ours, in causal order, so that it needs no hold; behind tips that we do not know
   * it may have some of it already.
   */
  readonly send: readonly EnvelopeHeader[]
}

/** Compares with a peer's `tips`, in any order; the caller bounds their number. O(1) a tip when nothing differs. */
export function differenceFrom(view: ThreadView, peerTips: readonly EnvelopeId[]): ThreadDifference {
  const theirs = new Set(peerTips)
  const fetch = [...theirs].filter((id) => !view.accepted.has(id) && !view.held.has(id))
  const isEqual = theirs.size === view.tips.size && [...theirs].every((id) => view.tips.has(id))
  if (isEqual) return { fetch, send: [] }
  const covered = ancestry(view, theirs)
  return { fetch, send: linearize(view).filter(({ id }) => !covered.has(id)) }
}

/** The accepted ones of `ids` and all that they follow from. */
function ancestry(view: ThreadView, ids: Iterable<EnvelopeId>): ReadonlySet<EnvelopeId> {
  const found = new Set<EnvelopeId>()
  const open = [...ids]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const header = view.accepted.get(id)
    if (header === undefined || found.has(id)) continue
    found.add(id)
    open.push(...header.prev)
  }
  return found
}
