import type { AppliedAt, SlotFacts } from '../records/world.ts'
import type { BucketRecord, Moment } from './tables.ts'

/**
 * Time without a leader that any window stands still for, whatever was said: a day, and half of the time that passed
 * beyond it. So an outage of less than two days makes nobody late, and leaders that keep beginning delay no window
 * for ever. Source: lifecycle.md, "Entries of a need" (windows; every state has an exit in bounded slot time).
 */
const STANDSTILL_MS = 24 * 3_600_000

/** The slot's point in time, as windows of this bucket count from it. */
export function momentOf({ n, time, clock }: SlotFacts, { paused }: BucketRecord): Moment {
  return { slot: n, time, clock, paused }
}

/** The same by number; undefined where the node does not hold the slot. */
export function momentAt(slot: number, at: AppliedAt, bucket: BucketRecord): Moment | undefined {
  const facts = at.slot(slot)
  return facts === undefined ? undefined : momentOf(facts, bucket)
}

/**
 * Milliseconds of a window that have run from a moment to a slot: slot clock without the time in which the bucket had no
 * leader. Negative where the slot is before the moment.
 */
export function elapsed(since: Moment, until: SlotFacts, bucket: BucketRecord): number {
  const clock = until.clock - since.clock
  const stood = Math.min(bucket.paused - stoodBy(since, bucket), Math.floor(clock / 2) + STANDSTILL_MS)
  return clock - Math.max(0, stood)
}

/**
 * For how long windows had stood still by that moment. What the hub sends begins windows also where no entry of the bucket
 * was made for long, and only the next leader's first entry tells whether they stood still then: a window counts what of
 * that came after its own beginning, and no more.
 */
function stoodBy({ clock, paused }: Moment, { pauses = [] }: BucketRecord): number {
  const last = pauses.findLast(({ from }) => from < clock)
  return last === undefined ? paused : last.before + Math.min(clock, last.to) - last.from
}
