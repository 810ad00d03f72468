/** Whose turn it is. Source: lifecycle.md, "States". */
import { ROUND_MAX } from '../../codec/payload/need-fields.ts'
import { microText } from '../../model/micro.ts'
import { workerBond } from '../market/bounds.ts'
import { cidOfId, type NeedTurn } from './need-turn.ts'
import type { Bid, Moment } from './tables.ts'

/** The bid whose turn it is; undefined when the ranking, the succession or the attempts are used up. */
export function headOf({ need, terms }: NeedTurn): Bid | undefined {
  return need.attempt < terms.parameters.attemptsMax ? need.ranking[0] : undefined
}

/** The lease of this attempt has ended, or never began: the next of the succession, from `since` on. */
export function nextAttempt(turn: NeedTurn, since: Moment): void {
  const { need } = turn
  turn.update({
    state: 'DECIDED',
    attempt: need.attempt + 1,
    ranking: need.ranking.slice(1),
    lease: undefined,
    commit: undefined,
    since,
  })
}

/**
 * The head of the ranking is out before a DECIDE; with nobody left a new round of bids begins. Bonds of the next are
 * asked for where they were not yet. Source: lifecycle.md, "States" (RANKED -> OPEN).
 */
export function dropBids(turn: NeedTurn, isOut: (bid: Bid) => boolean, since: Moment): void {
  const ranking = turn.need.ranking.filter((bid) => !isOut(bid))
  turn.update({ ranking, since, revealed: undefined })
  if (ranking.length === 0) openRound(turn, since)
  else if (ranking[0]?.isReserved === false) reserveBonds(turn)
}

/** An OPEN need that takes no bids any more: too many rounds without one, or the last that a bid can name is over. */
export function hasNoFurtherRound({ need, terms }: NeedTurn): boolean {
  return need.emptyRounds >= terms.parameters.emptyBidRoundsMax || need.bidRound > ROUND_MAX
}

/** Bids again, in the next round. */
export function openRound(turn: NeedTurn, since: Moment): void {
  turn.update({
    state: 'OPEN',
    bidRound: turn.need.bidRound + 1,
    bestScore: 0,
    ranking: [],
    revealed: undefined,
    awaits: undefined,
    since,
  })
}

/** Asks the hub for the bonds of the first of the ranking that were not asked for yet, as many as there can be attempts. */
export function reserveBonds(turn: NeedTurn): void {
  const { need, terms, id } = turn
  const bids = need.ranking.filter(({ isReserved }) => !isReserved).slice(0, terms.parameters.attemptsMax)
  const bond = microText(workerBond(terms.taskClass, terms.budget, terms.parameters))
  turn.ask({
    v: 1,
    kind: 'reserve',
    need: id,
    bid_round: need.bidRound,
    bids: bids.map(({ bidder, proposal }) => ({ bidder, proposal: cidOfId(proposal), bond })),
  })
  turn.update({ awaits: 'reserved', asked: bids.map(({ bidder }) => bidder) })
}
