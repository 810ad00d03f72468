import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import { beatsOf, lengthOf, missedBeats } from '../heartbeats.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { nextAttempt } from '../succession.ts'
import { readSeen } from '../voters.ts'

/**
 * The lease has run out, with what heartbeats asked for, or `missedBeatsMax` beats are missing; voters keep the beats, and
 * this entry carries them. Rejects WINDOW_CLOSED while neither is so, CONFLICT where a lawful COMMIT or YIELD was seen, and
 * as `readSeen`. Source: lifecycle.md, "Entries of a need" (`release`); economy.md, "Stake and slashing", "Leases".
 */
export function applyRelease(
  turn: NeedTurn,
  command: BucketCommandOf<'release'>,
): Result<Uint8Array, Rejection> {
  const { lease, attempt } = turn.need
  assert(lease !== undefined, 'who is CLAIMED has a lease')
  const opened = turn.carryAll([...command.beats, ...command.carried])
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const rejection = judgeByCatch(turn, sightings.value)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const beats = beatsOf(turn, lease, opened.value, sightings.value)
  const missed = missedBeats(turn, lease, beats, sightings.value)
  const { missedBeatsMax, slashMissedBeatPpm } = turn.terms.parameters
  const isRunning = turn.elapsed(lease.granted, sightings.value.until) < lengthOf(turn, lease, beats)
  if (missed < missedBeatsMax && isRunning) {
    return reject('WINDOW_CLOSED', `${missed} beats are missing, and the lease runs`)
  }
  if (missed > 0) {
    turn.slash({
      account: lease.worker,
      role: 'worker',
      attempt,
      reason: 'missed-beat',
      ppm: slashMissedBeatPpm,
      times: Math.min(missed, missedBeatsMax),
    })
  }
  turn.unlock(lease.worker, attempt)
  nextAttempt(turn, turn.now)
  return ok(NOTHING)
}
