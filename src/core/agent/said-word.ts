import type { Kind } from '../../codec/payload/verbs.ts'
import { VERBS } from '../../codec/payload/verbs.ts'
import type { Did, EnvelopeId, Seq } from '../../model/ids.ts'

/** An own envelope, as far as the rule asks. */
export interface Spoken {
  readonly id: EnvelopeId
  readonly kind: Kind
  readonly sender: Did
  readonly seq: Seq
  /** The author's wall clock, milliseconds. */
  readonly ts: number
  /** Text of the NEED's id that it speaks of. */
  readonly need: string | undefined
}

/** What a node's views tell. */
export interface WordWorld {
  /** Whether entries can still be made of a need. */
  readonly placeOf: (need: string) => 'unknown' | 'open' | 'over'
  /** Of an open need: an entry carried it. */
  readonly isCarried: (need: string, id: EnvelopeId) => boolean
  /** Of the account's last verb that the hub applied. */
  readonly nonceOf: (account: Did) => number
  /** The hub knows the need, or it was drawn. */
  readonly isPosted: (need: string) => boolean
  /** Wall clock. */
  readonly nowMs: number
}

/** `waiting`: to be sent, again and again. `carried`: not sent, and not said, again. `over`: of no use any more. */
export type WordFate = 'waiting' | 'carried' | 'over'

/** Longer than any need can last (7 days) and be challenged: one that is not known by then was over before it was heard of. */
const FORGOTTEN_MS = 1_209_600_000
/** Everybody has the change of a plan, or asks those who have it. */
const THREAD_ONLY_MS = 60_000

/**
 * What became of an own envelope that this run of the node has held for so many milliseconds.
 * 1. Of a need: it waits until an entry carries it; nothing of a need matters once that is over, or was never heard of.
 * 2. A NEED waits until the hub has it; an account's verb until it, or a later one, was applied.
 * 3. A HEARTBEAT is of no use later; the change of a plan is kept by those who follow the thread, and asked for by others.
 * What the hub refused is told by its log alone. Source: network.md ("gossip is best effort, delivery is not").
 */
export function fateOf(
  { id, kind, sender, seq, ts, need }: Spoken,
  heldMs: number,
  world: WordWorld,
): WordFate {
  if (kind === 'HEARTBEAT') return 'over'
  if (kind === 'UPDATE_PLAN') return heldMs > THREAD_ONLY_MS ? 'over' : 'waiting'
  if (kind === 'NEED') return world.isPosted(id) ? 'over' : 'waiting'
  if (VERBS[kind].thread === 'account') return seq <= world.nonceOf(sender) ? 'over' : 'waiting'
  const place = need === undefined ? 'unknown' : world.placeOf(need)
  if (need === undefined || place === 'unknown') return world.nowMs - ts > FORGOTTEN_MS ? 'over' : 'waiting'
  if (place === 'over') return 'over'
  return world.isCarried(need, id) ? 'carried' : 'waiting'
}
