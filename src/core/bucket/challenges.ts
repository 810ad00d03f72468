/** What opens, closes and follows from challenges. Source: lifecycle.md, "Entries of a need"; economy.md, "Challenges". */
import type { ToHubOf } from '../../codec/entry/effect.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { answeredSeats, sideOf, tally } from './committee.ts'
import { cidOfId, type NeedTurn } from './need-turn.ts'
import { penalise } from './penalties.ts'
import type { Challenge, Committee } from './tables.ts'

type End = ToHubOf<'challenge-end'>['outcome']

/** Tells the hub how a challenge ended: it moves the bond and pays the seats. */
export function sendEnd(turn: NeedTurn, id: string, challenge: Challenge, outcome: End): void {
  const committee = turn.committee('challenge', id)
  turn.ask({
    v: 1,
    kind: 'challenge-end',
    need: turn.id,
    challenge: cidOfId(id),
    challenger: challenge.challenger,
    attempt: challenge.attempt,
    outcome,
    answered: committee === undefined ? [] : [...answeredSeats(committee)],
    honest: outcome === 'upheld' ? [...honestSeats(turn, challenge)] : [],
    silent: committee === undefined ? [] : [...committee.silent],
  })
}

/** A challenge that came to nothing for its challenger. A rejected worker's penalty is then due. */
export function closeChallenge(turn: NeedTurn, id: string, challenge: Challenge, outcome: End): void {
  turn.putChallenge(id, { ...challenge, state: 'closed', at: turn.now })
  sendEnd(turn, id, challenge, outcome)
  if (challenge.against === 'reject') endRejection(turn, id, true)
}

/** The rejection that this challenge was about has its end, with or without its penalty. */
function endRejection(turn: NeedTurn, challenge: string, isPenalised: boolean): void {
  const { rejections } = turn.need
  const ended = rejections.find((one) => one.challenge === challenge)
  if (ended === undefined) return
  if (isPenalised) penalise(turn, ended)
  else turn.unlock(ended.worker, ended.attempt)
  turn.update({ rejections: rejections.filter((one) => one !== ended) })
}

/** Seats of the judged attempt that said what the challenge is found to be right about. */
function honestSeats(turn: NeedTurn, { attempt, against }: Challenge): readonly Did[] {
  const judged = judgedCommittee(turn, attempt)
  if (judged === undefined) return []
  const { committee, on } = judged
  const counted = tally(committee, on)
  return against === 'finalize' ? sideOf(counted, 'reject', 'unavailable') : sideOf(counted, 'accept')
}

/** Seats of an attempt, with the COMMIT that they judged. */
function judgedCommittee(
  turn: NeedTurn,
  attempt: number,
): { readonly committee: Committee; readonly on: string } | undefined {
  const committee = turn.committee('result', attempt)
  const on = committee?.votes[0]?.on
  return committee === undefined || on === undefined ? undefined : { committee, on }
}

/** Seats whose verdict a challenge has shown wrong lose their lock and half of their stake. */
export function slashWrong(turn: NeedTurn, seats: readonly Did[], attempt: number, id: string): void {
  const challenger = turn.challenge(id)?.challenger
  for (const account of seats) {
    turn.slash({
      account,
      role: 'result',
      attempt,
      reason: 'wrong-verdict',
      ppm: turn.terms.parameters.slashWrongVerdictPpm,
      isWholeLock: true,
      evidence: id,
      ...(challenger === undefined ? {} : { challenger }),
    })
  }
}

/** The queue is by place in the log: who came first is judged first. */
export function hasEarlier(turn: NeedTurn, id: string, { attempt }: Challenge): boolean {
  const { challenges } = turn.need
  return challenges.slice(0, challenges.indexOf(id)).some((other) => {
    const earlier = turn.challenge(other)
    return earlier?.attempt === attempt && earlier.state !== 'closed'
  })
}

/** A result that was accepted waits for `invalidate`; a rejection that was wrong is paid for at once. */
export function uphold(turn: NeedTurn, id: string, challenge: Challenge): void {
  const { against, attempt } = challenge
  sendEnd(turn, id, challenge, 'upheld')
  if (against === 'finalize') {
    turn.putChallenge(id, { ...challenge, state: 'upheld', at: turn.now })
    return
  }
  turn.putChallenge(id, { ...challenge, state: 'closed', at: turn.now })
  const judged = judgedCommittee(turn, attempt)
  if (judged !== undefined) {
    const wrong = sideOf(tally(judged.committee, judged.on), 'reject', 'unavailable')
    slashWrong(turn, wrong, attempt, id)
    turn.update({ wrong: [...new Set([...turn.need.wrong, ...wrong])] })
  }
  endRejection(turn, id, false)
}

/**
 * No committee decides: people do, whom governance speaks for. Nobody has to: the last deadline still counts from when it was
 * shown. Source: economy.md, "Challenges" (escalates).
 */
export function askForReview(turn: NeedTurn, id: string): void {
  const challenge = turn.challenge(id)
  assert(challenge !== undefined, 'what is judged is a challenge')
  turn.putChallenge(id, { ...challenge, state: 'review' })
}
