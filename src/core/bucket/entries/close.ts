import { encodeDagCbor } from '../../../codec/dag-cbor/encode.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { RejectionCode } from '../../../model/rejection.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { isImprovement, rankBids } from '../../market/ranking.ts'
import { judgeBid } from '../bids.ts'
import { judgeByCatch } from '../by-catch.ts'
import type { NeedTurn } from '../need-turn.ts'
import { hasNoFurtherRound, openRound, reserveBonds } from '../succession.ts'
import type { Bid } from '../tables.ts'
import { judgeHave, readSeen } from '../voters.ts'

type Close = BucketCommandOf<'close'>

/** Bids that the result names as left out: a result is bounded. */
const REFUSED_MAX = 512

/**
 * Ends a round of bids: ranks those that are valid and asks the hub for the first bonds; without one, or where the NEED
 * asks for improving rounds, another round begins. The result says who was ranked, with the scores, and who was left
 * out, by code. Rejects WINDOW_CLOSED while bids may still come or when no further round is allowed, CONFLICT where an
 * input of many bytes is not held by a majority, and as `readSeen`. Source: lifecycle.md; economy.md, "Auction".
 */
export function applyClose(turn: NeedTurn, command: Close): Result<Uint8Array, Rejection> {
  const { need } = turn
  if (hasNoFurtherRound(turn)) {
    return reject(
      'WINDOW_CLOSED',
      `${need.emptyRounds} rounds without a bid, ${need.bidRound} in all: no further one`,
    )
  }
  const opened = turn.carryAll(command.proposals)
  if (!opened.ok) return opened
  const rejection = judgeTime(turn, command, opened.value) ?? judgeInput(turn, command)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const { bids, refused } = collectBids(turn, opened.value)
  const ranked = rankAll(turn, bids)
  turn.update({ bidders: [...new Set([...need.bidders, ...bids.map(({ bidder }) => bidder)])] })
  endRound(turn, ranked)
  return ok(
    encodeDagCbor({
      ranked: ranked.map(({ proposal, score }) => [proposal, score]),
      refused: refused.slice(0, REFUSED_MAX).map((one) => [...one]),
    }),
  )
}

function judgeTime(
  turn: NeedTurn,
  { seen }: Close,
  envelopes: readonly SingleEnvelope[],
): Rejection | undefined {
  if (haveAllInvitedBid(turn, envelopes)) return undefined
  const sightings = readSeen(turn, seen)
  if (!sightings.ok) return sightings.error
  const waiting = judgeByCatch(turn, sightings.value)
  if (waiting !== undefined) return waiting
  const { need, terms } = turn
  // Empty rounds are repeated with back-off: each window is twice the one before.
  const window = terms.parameters.bidWindowMs * 2 ** need.emptyRounds
  return turn.elapsed(need.since, sightings.value.until) < window
    ? reject('WINDOW_CLOSED', `the time for bids is ${window} ms`).error
    : undefined
}

function haveAllInvitedBid({ terms, need }: NeedTurn, envelopes: readonly SingleEnvelope[]): boolean {
  const { invited } = terms
  if (invited.length === 0) return false
  const bidders = new Set(
    envelopes.flatMap(({ body }) =>
      body.kind === 'PROPOSE' && body.payload.bid_round === need.bidRound ? [body.sender] : [],
    ),
  )
  return invited.every((one) => bidders.has(one))
}

function judgeInput(turn: NeedTurn, { have }: Close): Rejection | undefined {
  const { input } = turn.terms
  return input === undefined ? undefined : judgeHave(turn, input, have)
}

interface Collected {
  readonly bids: readonly Bid[]
  readonly refused: readonly (readonly [proposal: string, code: RejectionCode])[]
}

/** Of a bidder that bids twice in a round the later bid counts, by its own counter. */
function collectBids(turn: NeedTurn, envelopes: readonly SingleEnvelope[]): Collected {
  const bids = new Map<string, { readonly bid: Bid; readonly seq: number }>()
  const refused: [string, RejectionCode][] = []
  for (const envelope of envelopes) {
    if (envelope.body.kind !== 'PROPOSE') continue
    const judged = judgeBid(turn, envelope as SingleEnvelope<'PROPOSE'>)
    if (!judged.ok) refused.push([envelope.id, judged.error.code])
    else {
      const { seq, sender } = envelope.body
      if ((bids.get(sender)?.seq ?? 0) < seq) bids.set(sender, { bid: judged.value, seq })
    }
  }
  return { bids: [...bids.values()].map(({ bid }) => bid), refused }
}

/** By MARKET's ranking, with the bids of earlier rounds that were not bettered by their bidders. */
function rankAll({ need, terms }: NeedTurn, bids: readonly Bid[]): readonly Bid[] {
  const { budget, deadlineMs, parameters } = terms
  const scored = scoresOf(bids)
  const better = new Set(
    scored
      .filter((bid) => need.bestScore === 0 || isImprovement(bid.score, need.bestScore, parameters))
      .map(({ bidder }) => bidder),
  )
  const news = scored.filter(({ bidder }) => better.has(bidder))
  const all = [...need.ranking.filter(({ bidder }) => !better.has(bidder)), ...news]
  const byProposal = new Map(all.map((bid) => [bid.proposal, bid]))
  return rankBids(all.map(toMarket), budget, deadlineMs, parameters).flatMap(({ proposal, scorePpm }) => {
    const bid = byProposal.get(proposal)
    return bid === undefined ? [] : [{ ...bid, score: scorePpm }]
  })

  function scoresOf(some: readonly Bid[]): readonly Bid[] {
    const scores = new Map(
      rankBids(some.map(toMarket), budget, deadlineMs, parameters).map(({ proposal, scorePpm }) => [
        proposal,
        scorePpm,
      ]),
    )
    return some.flatMap((bid) => {
      const score = scores.get(bid.proposal)
      return score === undefined ? [] : [{ ...bid, score }]
    })
  }
}

function toMarket({ proposal, bidder, cost, eta, reputation }: Bid) {
  return { proposal, bidder, cost, eta, reputationPpm: reputation, fitPpm: 1_000_000 }
}

function endRound(turn: NeedTurn, ranked: readonly Bid[]): void {
  const { need, terms, now } = turn
  if (ranked.length === 0) {
    openRound(turn, now)
    turn.update({ emptyRounds: need.emptyRounds + 1 })
  } else if (ranked.some(({ round }) => round === need.bidRound) && need.bidRound < terms.improvingRounds) {
    openRound(turn, now)
    turn.update({ ranking: ranked, bestScore: ranked[0]?.score ?? 0 })
  } else {
    turn.update({ state: 'RANKED', ranking: ranked, since: now })
    reserveBonds(turn)
  }
}
