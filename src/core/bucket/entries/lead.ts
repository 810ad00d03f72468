import type { SlotFacts } from '../../records/world.ts'
import type { BucketRecord } from '../tables.ts'
import { momentOf } from '../windows.ts'

/**
 * So many are remembered. A window that began within one and sees as many more stands still for all of it, and so ends
 * later than it would: nobody is late for that.
 */
const PAUSES_MAX = 8

/**
 * A leader begins. Windows stood still since the last entry of the bucket, and holders of leases get one full interval from
 * now on: nobody is late for the time without a leader. A node makes this entry when it has become the leader, and only for
 * itself. Source: lifecycle.md, "Entries of a need" (`release`; windows).
 */
export function applyLead(bucket: BucketRecord, slot: SlotFacts): BucketRecord {
  const next = bucket.slot === 0 || slot.clock <= bucket.clock ? bucket : stoodUntil(bucket, slot.clock)
  return { ...next, led: momentOf(slot, next) }
}

function stoodUntil(bucket: BucketRecord, to: number): BucketRecord {
  const { clock: from, paused: before, pauses = [] } = bucket
  return {
    ...bucket,
    paused: before + to - from,
    pauses: [...pauses.slice(1 - PAUSES_MAX), { from, to, before }],
  }
}
