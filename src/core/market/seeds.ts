import type { CID } from '../../codec/cid.ts'
import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** What seats of one need are for; each role has an order of the roster of its own. */
export type SeatRole = 'plan' | 'result' | 'challenge'

/**
 * Which of a network's buckets runs a need, from 0 on: the first byte of sha256(dag-cbor ["canswarm/bucket/1", need id,
 * beacon]), modulo their number, which is at most 256. The beacon is drawn after the need's escrow, so nobody can aim a need at voters. Source: lifecycle.md, "Committees".
 */
export function bucketOf(needId: CID, beacon: Uint8Array, buckets: number, sha256: Sha256): number {
  return (hashDagCbor(['canswarm/bucket/1', needId, beacon], sha256)[0] as number) % buckets
}

/**
 * Seed of a role's draws: sha256(dag-cbor ["canswarm/seats/1", role, need id, which, beacon]). `which`: the number of
 * the attempt (result), 0 or the bid_round (plan), the id of the CHALLENGE_COMMIT (challenge).
 * Source: lifecycle.md, "Committees"; protocol.md, "Signed types" (hashes over several things).
 */
export function roleSeed(
  needId: CID,
  beacon: Uint8Array,
  role: SeatRole,
  which: number | CID,
  sha256: Sha256,
): Uint8Array {
  return hashDagCbor(['canswarm/seats/1', role, needId, which, beacon], sha256)
}
