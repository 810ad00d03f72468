/** What a rejected worker loses, once its time to challenge is over. Source: lifecycle.md, "Entries of a need" (`reject`). */
import type { NeedTurn } from './need-turn.ts'
import type { RejectedWork } from './tables.ts'

const WHOLE = 1_000_000

/** Sends what is due by now; called at the start of each entry of a need. */
export function sendPenalties(turn: NeedTurn): void {
  const { rejections } = turn.need
  const due = rejections.filter((one) => isDue(turn, one))
  if (due.length === 0) return
  for (const one of due) penalise(turn, one)
  turn.update({ rejections: rejections.filter((one) => !due.includes(one)) })
}

/** The worker's bond is slashed for a wrong result, and given back for one that could not be had. */
export function penalise(turn: NeedTurn, { worker, attempt, isWrong }: RejectedWork): void {
  if (isWrong) turn.slash({ account: worker, role: 'worker', attempt, reason: 'rejected-result', ppm: WHOLE })
  else turn.unlock(worker, attempt)
}

function isDue(turn: NeedTurn, { at, challenge }: RejectedWork): boolean {
  return challenge === undefined && turn.elapsed(at) >= turn.terms.parameters.revealWindowMs
}
