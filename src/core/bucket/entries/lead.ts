import type { SlotFacts } from '../../records/world.ts'
import type { BucketRecord } from '../tables.ts'
import { momentOf } from '../windows.ts'

/**
 * A leader begins. Windows stood still since the last entry of the bucket, and holders of leases get one full interval from
 * now on: nobody is late for the time without a leader. A node makes this entry when it has become the leader, and only for
 * itself. Source: lifecycle.md, "Entries of a need" (`release`; windows).
 */
export function applyLead(bucket: BucketRecord, slot: SlotFacts): BucketRecord {
  const stood = bucket.slot === 0 ? 0 : Math.max(0, slot.clock - bucket.clock)
  const paused = bucket.paused + stood
  return { ...bucket, paused, led: momentOf(slot, { ...bucket, paused }) }
}
