import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { assert } from '../../../model/fault.ts'
import type { Micro } from '../../../model/micro.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import { hear, largestSide, slashEquivocation, tally } from '../committee.ts'
import { endNeed } from '../ending.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { judgeNothingOpen } from '../open-ends.ts'
import { readSeen } from '../voters.ts'

/**
 * No verdict after all waves and `splitAfterMs` from `commit`: half of the budget to each side, silent seats forfeit their
 * locks. Rejects WINDOW_CLOSED before that time, CONFLICT where the verdicts that were seen decide, or a challenge is open,
 * and as `readSeen`. Source: lifecycle.md, "States".
 */
export function applySplit(turn: NeedTurn, command: BucketCommandOf<'split'>): Result<Uint8Array, Rejection> {
  const opened = turn.carryAll(command.carried)
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const first = judgeByCatch(turn, sightings.value)
  if (first !== undefined) return { ok: false, error: first }
  const { need, terms } = turn
  const { commit } = need
  assert(commit !== undefined, 'what is COMMITTED has a COMMIT')
  if (sightings.value.until.time < commit.at.time + terms.parameters.splitAfterMs) {
    return reject('WINDOW_CLOSED', `it can be split ${terms.parameters.splitAfterMs} ms after the COMMIT`)
  }
  const before = turn.seated('result')
  const heard = hear(turn, before, commit.id, opened.value, 'all')
  if (!heard.ok) return heard
  if (largestSide(before, tally(heard.value, commit.id)) >= before.k) {
    return reject('CONFLICT', `a side has its ${before.k} verdicts`)
  }
  const rejection = judgeNothingOpen(turn)
  if (rejection !== undefined) return { ok: false, error: rejection }
  slashEquivocation(turn, before, heard.value)
  turn.putCommittee(heard.value)
  endNeed(turn, 'split', commit.worker, (terms.budget / 2n) as Micro)
  return ok(NOTHING)
}
