import type { Did } from '../../model/ids.ts'
import { cidOfId, type NeedTurn } from './need-turn.ts'
import type { Committee } from './tables.ts'

/** Asks for seats that judge the result of this attempt. Never those who bid, nor who was wrong in an earlier one. */
export function drawResultSeats(turn: NeedTurn, wave: number, count: number): void {
  const { need, id } = turn
  const { attempt } = need
  turn.ask({ v: 1, kind: 'draw', need: id, role: 'result', attempt, wave, count, exclude: partiesOf(turn) })
}

/** Further plan seats. */
export function drawPlanSeats(turn: NeedTurn, wave: number, count: number): void {
  const exclude = partiesOf(turn)
  turn.ask({ v: 1, kind: 'draw', need: turn.id, role: 'plan', attempt: 0, wave, count, exclude })
}

/** Seats that judge a challenge: never who is judged by it. */
export function drawChallengeSeats(
  turn: NeedTurn,
  { challenge = '', attempt }: Pick<Committee, 'challenge' | 'attempt'>,
  wave: number,
  count: number,
): void {
  const judged = turn.committee('result', attempt)?.seats ?? []
  const challenger = turn.challenge(challenge)?.challenger
  const exclude = [
    ...new Set([...partiesOf(turn), ...judged, ...(challenger === undefined ? [] : [challenger])]),
  ]
  const { id } = turn
  turn.ask({
    v: 1,
    kind: 'draw',
    need: id,
    role: 'challenge',
    attempt,
    challenge: cidOfId(challenge),
    wave,
    count,
    exclude: exclude.slice(0, EXCLUDED_MAX),
  })
}

/** Bound of the effect's list. */
const EXCLUDED_MAX = 1_024

function partiesOf({ need, terms }: NeedTurn): Did[] {
  return [...new Set([terms.requester, ...need.bidders, ...need.wrong])].slice(0, EXCLUDED_MAX)
}
