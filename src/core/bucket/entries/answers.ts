/** What the hub answers, and what follows from it. Source: lifecycle.md, "Entries of a need". */
import { envelopeIdOf } from '../../../codec/cid.ts'
import type { ToBucketOf } from '../../../codec/entry/effect.ts'
import { challengeSeats } from '../../market/quorum.ts'
import { closeChallenge, hasEarlier, sendEnd, uphold } from '../challenges.ts'
import { newCommittee, withSeats } from '../committee.ts'
import { drawChallengeSeats } from '../draws.ts'
import { endNeed } from '../ending.ts'
import type { NeedTurn } from '../need-turn.ts'
import { dropBids } from '../succession.ts'
import { challengeKey, committeeKey } from '../tables.ts'
import { isOver } from '../transitions.ts'

/** Refused bidders drop out of the ranking, without using an attempt; the others' bonds are locked. */
export function applyReserved(turn: NeedTurn, { bid_round, refused }: ToBucketOf<'reserved'>): void {
  const { need } = turn
  if (need.awaits !== 'reserved' || bid_round !== need.bidRound) return
  const { asked } = need
  const ranking = need.ranking.map((bid) => (asked.includes(bid.bidder) ? { ...bid, isReserved: true } : bid))
  turn.update({ ranking, asked: [], awaits: undefined })
  dropBids(turn, ({ bidder }) => refused.includes(bidder), turn.now)
}

/** Further seats of a role, with their stake locked. One that has nothing to judge any more changes nothing. */
export function applySeated(turn: NeedTurn, effect: ToBucketOf<'seated'>): void {
  const { role, attempt, challenge } = effect
  const which = challenge === undefined ? '' : envelopeIdOf(challenge)
  const committee = turn.committee(role, role === 'plan' ? 0 : role === 'result' ? attempt : which)
  if (committee?.isDrawing !== true || committee.waves !== effect.wave) return
  turn.putCommittee(withSeats(committee, effect, turn.now))
}

/** The bond is locked, and seats are drawn; or it could not be, and the challenge is void. */
export function applyBonded(turn: NeedTurn, { challenge, bonded }: ToBucketOf<'bonded'>): void {
  const id = envelopeIdOf(challenge)
  const known = turn.challenge(id)
  if (known === undefined) return
  if (known.state !== 'bonding') {
    // Closed while the bond was under way: it is given back.
    if (known.state === 'closed' && bonded) sendEnd(turn, id, known, 'void')
    return
  }
  if (!bonded) {
    turn.putChallenge(id, { ...known, state: 'closed', at: turn.now })
    freeRejection(turn, id)
    return
  }
  const { attempt } = known
  const k = turn.committee('result', attempt)?.k ?? turn.need.kResult
  turn.putChallenge(id, { ...known, state: 'committed', at: turn.now })
  turn.putCommittee(
    newCommittee({ role: 'challenge', attempt, challenge: id, k, isCommitReveal: false, since: turn.now }),
  )
  drawChallengeSeats(turn, { attempt, challenge: id }, 0, challengeSeats(k))
}

/** What people came to, as an act of governance has it. An upheld one waits for those before it: then the act is for nothing. */
export function applyReviewed(turn: NeedTurn, { challenge, outcome }: ToBucketOf<'reviewed'>): void {
  const id = envelopeIdOf(challenge)
  const known = turn.challenge(id)
  if (known?.state !== 'review') return
  if (outcome === 'rejected') closeChallenge(turn, id, known, 'rejected')
  else if (!hasEarlier(turn, id, known)) uphold(turn, id, known)
}

/** The rejected worker's penalty is due as if it had not challenged. */
function freeRejection(turn: NeedTurn, id: string): void {
  const rejections = turn.need.rejections.map((one) => {
    if (one.challenge !== id) return one
    const { challenge: _, ...rest } = one
    return rest
  })
  turn.update({ rejections })
}

/** Fees of the next attempt: its claim window begins; without them the budget is refunded. */
export function applyRefilled(turn: NeedTurn, { attempt, refilled }: ToBucketOf<'refilled'>): void {
  const { need } = turn
  if (need.awaits !== 'refilled' || attempt !== need.attempt) return
  turn.update({ awaits: undefined, since: turn.now })
  if (!refilled) endNeed(turn, 'expired')
}

/** The hub's last word: what only a living need needs is forgotten. */
export function applyPaid(turn: NeedTurn): void {
  const { need, key, draft, at } = turn
  if (!isOver(need.state) || need.over !== undefined) return
  turn.update({ over: { position: at.position, isCertified: false } })
  for (let attempt = 0; attempt <= need.attempt; attempt++) {
    draft.put('committees', committeeKey(key, 'result', attempt), undefined)
  }
  draft.put('committees', committeeKey(key, 'plan', 0), undefined)
  for (const id of need.challenges) {
    draft.put('committees', committeeKey(key, 'challenge', id), undefined)
    draft.put('challenges', challengeKey(key, id), undefined)
  }
  draft.put('envelopes', key, undefined)
  turn.update({ ranking: [], bidders: [], challenges: [], wrong: [], rejections: [] })
}
