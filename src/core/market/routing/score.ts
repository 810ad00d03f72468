import { compareText } from '../../../model/compare-text.ts'
import type { Offer, Wish } from './offer.ts'

/** What each property of an agent weighs in its score. The requester's own choice. */
export interface ScoreWeights {
  readonly reputation: number
  readonly price: number
  readonly latency: number
  readonly fit: number
  readonly stake: number
  readonly recency: number
  /** Added for an organisation that nobody above has. */
  readonly diversity: number
}

export const SCORE_WEIGHTS: ScoreWeights = {
  reputation: 0.3,
  price: 0.25,
  latency: 0.1,
  fit: 0.2,
  stake: 0.05,
  recency: 0.1,
  diversity: 0.05,
}

export interface Scored {
  readonly offer: Offer
  /** Higher is better; the diversity bonus included. */
  readonly score: number
}

const SHORT_LIST = 10
const WHOLE = 1_000_000

/**
 * The best ten, best first, ties by smaller DID. Who comes from an organisation that is not on the list yet has the diversity
 * bonus, so the list is made one by one. Source: economy.md, "Auction, leases, routing" (SCORE).
 */
export function scoreOffers(
  offers: readonly Offer[],
  wish: Wish,
  weights: ScoreWeights = SCORE_WEIGHTS,
): readonly Scored[] {
  const stakeMost = offers.reduce((most, { stake }) => (stake > most ? stake : most), 1n)
  const left = new Map(offers.map((offer) => [offer, plainScore(offer, wish, Number(stakeMost), weights)]))
  const seen = new Set<string>()
  const list: Scored[] = []
  while (list.length < SHORT_LIST && left.size > 0) {
    const best = [...left]
      .map(([offer, score]) => ({ offer, score: score + (isNew(offer, seen) ? weights.diversity : 0) }))
      .reduce(better)
    left.delete(best.offer)
    if (best.offer.org !== undefined) seen.add(best.offer.org)
    list.push(best)
  }
  return list
}

function plainScore(offer: Offer, wish: Wish, stakeMost: number, weights: ScoreWeights): number {
  return (
    weights.reputation * (offer.reputationPpm / WHOLE) +
    weights.price * saved(Number(offer.price), Number(wish.budget)) +
    weights.latency * saved(offer.latencyMs, wish.deadlineMs) +
    weights.fit * domainFit(offer, wish) +
    weights.stake * (Number(offer.stake) / stakeMost) +
    weights.recency * (offer.recencyPpm / WHOLE)
  )
}

function saved(used: number, whole: number): number {
  return whole === 0 ? 0 : Math.max(0, 1 - used / whole)
}

/** Half for the likeness of the tags (Jaccard), half for past results in the domain, with one of each kind assumed. */
export function domainFit({ tags, past }: Offer, wish: Wish): number {
  const [mine, theirs] = [new Set(tags), new Set(wish.tags)]
  const either = mine.union(theirs).size
  const likeness = either === 0 ? 0 : mine.intersection(theirs).size / either
  return (likeness + (past.good + 1) / (past.done + 2)) / 2
}

/** Who is not attested has no organisation that could be new. */
function isNew({ org }: Offer, seen: ReadonlySet<string>): boolean {
  return org !== undefined && !seen.has(org)
}

function better(a: Scored, b: Scored): Scored {
  if (a.score !== b.score) return a.score > b.score ? a : b
  return compareText(a.offer.did, b.offer.did) < 0 ? a : b
}
