import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import { endNeed } from '../ending.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { judgeNothingOpen } from '../open-ends.ts'
import { hasNoFurtherRound, headOf } from '../succession.ts'
import { readSeen, type Sightings } from '../voters.ts'

/**
 * The need comes to nothing: its deadline is over, rounds without a bid are used up, or nobody is left in the succession.
 * Rejects WINDOW_CLOSED while neither is so, CONFLICT while a challenge is open, the hub's answer is awaited, and as
 * `readSeen` and `judgeByCatch`. Source: lifecycle.md, "States".
 */
export function applyExpire(
  turn: NeedTurn,
  command: BucketCommandOf<'expire'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carryAll(command.carried)
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const rejection =
    judgeByCatch(turn, sightings.value) ?? judgeExpiry(turn, sightings.value) ?? judgeNothingOpen(turn)
  if (rejection !== undefined) return { ok: false, error: rejection }
  endNeed(turn, 'expired')
  return ok(NOTHING)
}

function judgeExpiry(turn: NeedTurn, { until }: Sightings): Rejection | undefined {
  if (turn.need.awaits === 'refilled') return reject('CONFLICT', 'the fees are being refilled').error
  if (until.time < turn.need.deadline && !isUsedUp(turn)) {
    return reject('WINDOW_CLOSED', `its deadline is ${turn.need.deadline}`).error
  }
  return undefined
}

function isUsedUp(turn: NeedTurn): boolean {
  const { need } = turn
  if (need.state === 'OPEN') return hasNoFurtherRound(turn)
  return need.state === 'DECIDED' && headOf(turn) === undefined
}
