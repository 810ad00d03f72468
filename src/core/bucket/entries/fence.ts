import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { ToBucketOf } from '../../../codec/entry/effect.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { AppliedAt, World } from '../../records/world.ts'
import { type BucketRecord, GOVERNANCE } from '../tables.ts'
import { judgeMajority } from '../voters.ts'

/**
 * Raises the bucket's fence epoch by one, as a majority of its voters signed; no record is voided by it. Rejects STALE_EPOCH for
 * another number than the next, CONFLICT for another bucket or generation, and as `judgeMajority`.
 * Source: consensus.md, "Fence epochs, generations".
 */
export function applyFence(
  bucket: BucketRecord,
  command: BucketCommandOf<'fence'>,
  at: AppliedAt,
  world: World,
): Result<BucketRecord, Rejection> {
  const next = bucket.fenceEpoch + 1
  for (const { body } of command.raises) {
    if (body.bucket !== bucket.bucket || body.generation !== bucket.generation) {
      return reject('CONFLICT', 'a raise of another bucket or generation', 'raises')
    }
    if (body.fence_epoch !== next) return reject('STALE_EPOCH', `the next fence epoch is ${next}`, 'raises')
  }
  const rejection = judgeMajority('fence-raise', command.raises, at, world)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const reason = command.raises[0]?.body.reason ?? ''
  return ok({ ...bucket, fenceEpoch: next, raised: { slot: command.slot, by: command.by, reason } })
}

/** The same by an act of governance, as the hub sends it. Rejects CONFLICT for another bucket. */
export function applyGovernedFence(
  bucket: BucketRecord,
  { bucket: meant, slot, reason }: ToBucketOf<'fence'>,
): Result<BucketRecord, Rejection> {
  if (meant !== bucket.bucket) return reject('CONFLICT', `for bucket ${meant}`, 'bucket')
  return ok({ ...bucket, fenceEpoch: bucket.fenceEpoch + 1, raised: { slot, by: GOVERNANCE, reason } })
}
