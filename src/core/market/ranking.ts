import { compareText } from '../../model/compare-text.ts'
import type { Did } from '../../model/ids.ts'
import type { Micro } from '../../model/micro.ts'
import type { Parameters } from '../../model/parameters.ts'

const WHOLE = 1_000_000

export interface Bid {
  /** Text of the PROPOSE's id. */
  readonly proposal: string
  readonly bidder: Did
  readonly cost: Micro
  /** Time from the lease to the result, ms. */
  readonly eta: number
  /** 0 to 1,000,000, as the bidder's registry record has it. */
  readonly reputationPpm: number
  /** 0 to 1,000,000: how well its capabilities fit. */
  readonly fitPpm: number
}

export interface Ranked extends Bid {
  /** 0 to 1,000,000; higher is better. */
  readonly scorePpm: number
}

/**
 * Best bids first, at most `rankedBidsMax`; the order in which they came plays no part. What costs more than the budget or
 * takes longer than the deadline is left out. Ties go to the higher reputation, then to the smaller proposal id.
 * Source: economy.md, "Auction, leases, routing".
 */
export function rankBids(
  bids: readonly Bid[],
  budget: Micro,
  deadlineMs: number,
  parameters: Parameters,
): readonly Ranked[] {
  return bids
    .filter(({ cost, eta }) => cost <= budget && eta <= deadlineMs)
    .map((bid) => ({ ...bid, scorePpm: scoreOf(bid, budget, deadlineMs, parameters) }))
    .toSorted(compareRanked)
    .slice(0, parameters.rankedBidsMax)
}

/**
 * The parts saved of budget and deadline, reputation and fit, each in ppm and rounded down, by the weights of the
 * network; the sum rounded down. 0 to 1,000,000.
 */
function scoreOf(bid: Bid, budget: Micro, deadlineMs: number, parameters: Parameters): number {
  const { bidPriceWeightPpm, bidEtaWeightPpm, bidReputationWeightPpm, bidFitWeightPpm } = parameters
  const pricePpm = savedPpm(bid.cost, budget)
  const etaPpm = savedPpm(BigInt(bid.eta), BigInt(deadlineMs))
  // At most 10^12: the four weights make the whole.
  const sum =
    pricePpm * bidPriceWeightPpm +
    etaPpm * bidEtaWeightPpm +
    bid.reputationPpm * bidReputationWeightPpm +
    bid.fitPpm * bidFitWeightPpm
  return Math.floor(sum / WHOLE)
}

/** True when a bid of an improving round is better than the best score before by the network's part of it. */
export function isImprovement(scorePpm: number, bestPpm: number, { bidImprovementPpm }: Parameters): boolean {
  return scorePpm * WHOLE >= bestPpm * (WHOLE + bidImprovementPpm)
}

/** (whole - used) / whole in ppm; nothing is saved of nothing. */
function savedPpm(used: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(((whole - used) * BigInt(WHOLE)) / whole)
}

function compareRanked(a: Ranked, b: Ranked): number {
  return b.scorePpm - a.scorePpm || b.reputationPpm - a.reputationPpm || compareText(a.proposal, b.proposal)
}
