import { type Rejection, reject } from '../../model/rejection.ts'
import type { NeedTurn } from './need-turn.ts'

/** Nothing ends a need while a challenge, or a rejected worker's time to challenge, is open. Rejects CONFLICT. */
export function judgeNothingOpen(turn: NeedTurn): Rejection | undefined {
  const open = turn.need.challenges.find((id) => turn.challenge(id)?.state !== 'closed')
  if (open !== undefined) return reject('CONFLICT', `challenge ${open} is open`).error
  return turn.need.rejections.length > 0
    ? reject('CONFLICT', 'a rejected worker may still challenge').error
    : undefined
}
