import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { nextAttempt } from '../succession.ts'
import type { Lease } from '../tables.ts'
import { readSeen, type Sightings } from '../voters.ts'
import { judgeCommit } from './commit.ts'
import { judgeYield } from './yield.ts'

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
  if (opened.value.some((envelope) => isAnswer(turn, envelope))) {
    return reject('CONFLICT', 'the holder has committed, or yielded')
  }
  const beats = opened.value.filter((envelope) => isBeat(turn, lease, envelope))
  const missed = missedBeats(turn, lease, beats, sightings.value)
  const { missedBeatsMax, slashMissedBeatPpm } = turn.terms.parameters
  if (
    missed < missedBeatsMax &&
    turn.elapsed(lease.granted, sightings.value.until) < lengthOf(turn, lease, beats)
  ) {
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

function isAnswer(turn: NeedTurn, envelope: SingleEnvelope): boolean {
  return judgeCommit(turn, envelope).ok || judgeYield(turn, envelope) === undefined
}

function isBeat({ need }: NeedTurn, { id, worker }: Lease, { body }: SingleEnvelope): boolean {
  return (
    body.kind === 'HEARTBEAT' &&
    body.sender === worker &&
    body.payload.attempt === need.attempt &&
    envelopeIdOf(body.payload.lease_id) === id
  )
}

/** The lease's time with what its beats asked for, within the network's bound. */
function lengthOf({ terms }: NeedTurn, { ttl }: Lease, beats: readonly SingleEnvelope[]): number {
  const asked = beats.map(({ body }) => (body.kind === 'HEARTBEAT' ? (body.payload.extend ?? 0) : 0))
  return Math.min(
    Math.max(ttl, terms.parameters.leaseTtlMaxMs),
    asked.reduce((sum, one) => sum + one, ttl),
  )
}

/**
 * Whole intervals in which no voter saw a beat, from the lease on, or from when the present leader began: it grants one
 * full interval. A beat counts where any of the statements says so: doubt is for the worker.
 */
function missedBeats(
  { bucket, at }: NeedTurn,
  { granted, interval }: Lease,
  beats: readonly SingleEnvelope[],
  { until, slots }: Sightings,
): number {
  const begin = Math.max(granted.clock, bucket.led?.clock ?? 0)
  const whole = Math.floor((until.clock - begin) / interval)
  const heard = new Set<number>()
  for (const { id } of beats) {
    for (const slot of slots.get(id) ?? []) {
      const clock = at.slot(slot)?.clock
      // An interval ends with its last moment: a beat that is sent in time counts for what it ends.
      if (clock !== undefined) heard.add(Math.ceil((clock - begin) / interval) - 1)
    }
  }
  return Math.max(0, whole - [...heard].filter((one) => one >= 0 && one < whole).length)
}
