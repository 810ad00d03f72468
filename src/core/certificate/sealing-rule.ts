import type { Subject } from '../../codec/certificate/leaf.ts'
import type { Verdict } from '../../model/replicated.ts'

/** Certificates of slots: so many milliseconds apart are near enough for those who follow. */
const SLOT_SEAL_MS = 200
const SLOT = 'slot/'

/** What became of an item, as far as the rule asks. */
export interface SealedStep {
  readonly verdict: Pick<Verdict, 'kind'>
  /** As of the leaf: a need, or a slot. */
  readonly subject?: Pick<Subject, 'name'>
}

/**
 * Whether a log's item is to be certified soon although it may have no effects. Who follows a group without being its voter
 * applies what is certified alone, so all that others act upon is:
 * 1. Every applied entry of a need: voters of other buckets and agents wait for it.
 * 2. Of the hub's slots, which those entries name, one in 200 ms by `slotMs` (one slot's least time, by the network's
 *    parameters); all of them where slots are rarer, or the time is not known.
 * 3. Nothing that was refused, and nothing that is about neither. What has effects is certified for their sake.
 * Source: consensus.md, "Certificates" and "Membership".
 */
export function wantsCertificate(
  isHub: boolean,
  { verdict, subject }: SealedStep,
  slotMs: number | undefined,
): boolean {
  if (verdict.kind !== 'applied' || subject === undefined) return false
  if (!isHub) return true
  if (!subject.name.startsWith(SLOT)) return false
  return Number(subject.name.slice(SLOT.length)) % Math.ceil(SLOT_SEAL_MS / (slotMs ?? SLOT_SEAL_MS)) === 0
}
