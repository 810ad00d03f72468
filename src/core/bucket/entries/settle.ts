import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { challengeWindowMs } from '../../market/bounds.ts'
import { endNeed } from '../ending.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { judgeNothingOpen } from '../open-ends.ts'

/**
 * The result stands: worker and seats are paid. Rejects WINDOW_CLOSED before twice T_challenge have passed since `finalize`, and
 * CONFLICT while a challenge is open. Source: economy.md, "Bounties and payout".
 */
export function applySettle(turn: NeedTurn): Result<Uint8Array, Rejection> {
  const { need, terms } = turn
  const { finalized, commit } = need
  assert(finalized !== undefined && commit !== undefined, 'what is FINAL was finalized')
  const wait = 2 * challengeWindowMs(terms.taskClass, terms.budget, terms.parameters)
  if (turn.elapsed(finalized.at) < wait) {
    return reject('WINDOW_CLOSED', `${wait} ms have not passed since the result was accepted`)
  }
  const rejection = judgeNothingOpen(turn)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const [bid] = need.ranking
  assert(bid?.proposal === commit.proposal, 'who worked is the head of the succession')
  endNeed(turn, 'settled', commit.worker, bid.cost)
  return ok(NOTHING)
}
