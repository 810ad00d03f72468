/**
 * A thread's causal state, folded over the headers of envelopes whose bytes, schema and signature have been
 * checked. What is accepted, forked and a head depends on the set of envelopes alone, never on their order:
 *
 *     new --lawful, prev accepted--> accepted
 *     new --prev missing--> held --last prev accepted, lawful--> accepted
 *     new, held --unlawful or no room--> refused, forgotten
 *     held --no room in the hold, let go--> dropped: fetched again later
 *     accepted, counting --a fork of its sender at or below its seq--> accepted, not counting
 *
 * Source: protocol.md, "Envelope" and "Rejections".
 */
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { accept, type Equivocation } from './accept.ts'
import { draftOf, type ThreadDraft, writesOf } from './draft.ts'
import { chooseDropped, hold, release } from './hold.ts'
import { judgeAlone, judgeAmong, judgeRoom, missingPrev } from './law.ts'
import type { ThreadLimits } from './limits.ts'
import type { ThreadView, ThreadWrites } from './view.ts'

/** What became of the envelope that was given. `missing`: those of its `prev` that are not accepted. */
export type ThreadOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'held'; readonly missing: readonly EnvelopeId[] }

export type ThreadEffect =
  /** Accepted now: the one given, then those that it freed from the hold, each after its `prev`. */
  | { readonly kind: 'accepted'; readonly header: EnvelopeHeader }
  /** Left the hold as unlawful, or as OVER_CAP. */
  | {
      readonly kind: 'refused'
      readonly id: EnvelopeId
      readonly sender: Did
      readonly rejection: Rejection
    }
  /** Wanted from peers, named once when first missed; `missing` lists all that still are. */
  | { readonly kind: 'fetch'; readonly ids: readonly EnvelopeId[] }
  /** Not kept for want of room: fetch it again once the thread has moved on, or at the next sync. */
  | { readonly kind: 'dropped'; readonly id: EnvelopeId }
  /** Proof to keep: the second accepted body of one `seq`. Given once a (sender, seq). */
  | ({ readonly kind: 'equivocation' } & Equivocation)

export interface ThreadStep {
  readonly writes: ThreadWrites
  readonly result: Result<ThreadOutcome, Rejection>
  readonly effects: readonly ThreadEffect[]
}

/**
 * Judges one envelope, and with it the held ones that waited for it. Run effects in list order.
 * Rejects, all without writes: UNKNOWN_THREAD, MALFORMED (`seq`, `prev`), BAD_LAMPORT, OVER_CAP, DUPLICATE
 * (accepted or held already), RATE_LIMITED (no room to hold it; it is in a `dropped` effect).
 * Costs O(1) plus what it frees, which `heldMax` bounds; plus O(the sender's envelopes) when it reveals a fork.
 */
export function stepThread(view: ThreadView, header: EnvelopeHeader, limits: ThreadLimits): ThreadStep {
  const first = judgeAlone(view.thread, header) ?? judgeNew(view, header) ?? judgeRoom(view, header, limits)
  if (first !== null) return refused(first)
  const missing = missingPrev(view, header)
  if (missing.length > 0) return stepHold(view, header, missing, limits)
  const unlawful = judgeAmong(view, header)
  return unlawful === null ? stepAccept(view, header, limits) : refused(unlawful)
}

/**
 * Empties the hold of `ids`, as when they have waited too long; ids that are not held are passed over.
 * The thread's driver decides when: time is no matter of this fold.
 */
export function stepLetGo(
  view: ThreadView,
  ids: readonly EnvelopeId[],
): Pick<ThreadStep, 'writes' | 'effects'> {
  const draft = draftOf(view)
  const effects: ThreadEffect[] = []
  for (const id of ids) drop(draft, draft.held.get(id), effects)
  return { writes: writesOf(draft), effects }
}

function judgeNew(view: ThreadView, { id }: EnvelopeHeader): Rejection | null {
  if (!view.accepted.has(id) && !view.held.has(id)) return null
  return { code: 'DUPLICATE', message: `${id} is known`, first: id }
}

function stepHold(
  view: ThreadView,
  header: EnvelopeHeader,
  missing: readonly EnvelopeId[],
  limits: ThreadLimits,
): ThreadStep {
  const dropped = chooseDropped(view, header, limits)
  if (dropped === header) return refuseToHold(view, header, missing)
  const draft = draftOf(view)
  const effects: ThreadEffect[] = []
  drop(draft, dropped ?? undefined, effects)
  const ids = hold(draft, header, missing)
  if (ids.length > 0) effects.unshift({ kind: 'fetch', ids })
  return { writes: writesOf(draft), result: ok({ kind: 'held', missing }), effects }
}

/** Its `prev` are fetched all the same: once they are here it needs no hold. */
function refuseToHold(view: ThreadView, header: EnvelopeHeader, missing: readonly EnvelopeId[]): ThreadStep {
  const ids = missing.filter((id) => !view.held.has(id) && !view.waiting.has(id))
  const effects: ThreadEffect[] = ids.length > 0 ? [{ kind: 'fetch', ids }] : []
  effects.push({ kind: 'dropped', id: header.id })
  return {
    ...refused(reject('RATE_LIMITED', `${view.heldOf.get(header.sender) ?? 0} held already`).error),
    effects,
  }
}

function stepAccept(view: ThreadView, header: EnvelopeHeader, limits: ThreadLimits): ThreadStep {
  const draft = draftOf(view)
  const effects: ThreadEffect[] = []
  acceptNow(draft, header, effects)
  const freed = free(draft, header)
  for (const next of freed) {
    // Grows while it is walked: what an accepted one frees is judged after it.
    const rejection = judgeRoom(draft, next, limits) ?? judgeAmong(draft, next)
    if (rejection !== null) {
      effects.push({ kind: 'refused', id: next.id, sender: next.sender, rejection })
      continue
    }
    acceptNow(draft, next, effects)
    freed.push(...free(draft, next))
  }
  return { writes: writesOf(draft), result: ok({ kind: 'accepted' }), effects }
}

function acceptNow(draft: ThreadDraft, header: EnvelopeHeader, effects: ThreadEffect[]): void {
  const equivocation = accept(draft, header)
  effects.push({ kind: 'accepted', header })
  if (equivocation !== null) effects.push({ kind: 'equivocation', ...equivocation })
}

/** Takes those out of the hold that waited for nothing but `accepted`. */
function free(draft: ThreadDraft, accepted: EnvelopeHeader): EnvelopeHeader[] {
  const waiters = draft.waiting.get(accepted.id)
  if (waiters === undefined) return []
  draft.waiting.delete(accepted.id)
  const freed: EnvelopeHeader[] = []
  for (const id of waiters) {
    const header = draft.held.get(id)
    if (header === undefined || missingPrev(draft, header).length > 0) continue
    release(draft, header)
    freed.push(header)
  }
  return freed
}

function drop(draft: ThreadDraft, header: EnvelopeHeader | undefined, effects: ThreadEffect[]): void {
  if (header === undefined) return
  release(draft, header)
  effects.push({ kind: 'dropped', id: header.id })
}

const NOTHING: ReadonlyMap<never, never> = new Map<never, never>()
const NO_WRITES: ThreadWrites = {
  accepted: NOTHING,
  slots: NOTHING,
  senders: NOTHING,
  namedBy: NOTHING,
  heads: NOTHING,
  tips: NOTHING,
  held: NOTHING,
  heldOf: NOTHING,
  waiting: NOTHING,
}

function refused(rejection: Rejection): ThreadStep {
  return { writes: NO_WRITES, result: err(rejection), effects: [] }
}
