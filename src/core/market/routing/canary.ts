import { compareText } from '../../../model/compare-text.ts'
import type { Did } from '../../../model/ids.ts'
import type { Scored } from './score.ts'

/** Who gets the micro-task at most. */
const CANARIES_MAX = 3

/** Least quality of an answer. Source: economy.md, "Auction, leases, routing" (CANARY). */
const QUALITY_MIN_PPM = 800_000

export interface CanaryResult {
  readonly agent: Did
  readonly latencyMs: number
  /** 0 to 1,000,000; 0 for no answer in time. */
  readonly qualityPpm: number
  readonly passed: boolean
}

/** The best two or three of a short list, as far as there are. */
export function canariesOf(list: readonly Scored[]): readonly Did[] {
  return list.slice(0, CANARIES_MAX).map(({ offer }) => offer.did)
}

/** What an answer to the micro-task is worth: `latencyMs` beyond the time-out is none. */
export function judgeCanary(
  agent: Did,
  qualityPpm: number,
  latencyMs: number,
  timeoutMs: number,
): CanaryResult {
  const counted = latencyMs > timeoutMs ? 0 : qualityPpm
  return { agent, latencyMs, qualityPpm: counted, passed: counted >= QUALITY_MIN_PPM }
}

/** The best that passed: quality first, then the shorter time, then the smaller DID. Undefined when nobody passed. */
export function bestCanary(results: readonly CanaryResult[]): CanaryResult | undefined {
  return results
    .filter(({ passed }) => passed)
    .toSorted(
      (a, b) => b.qualityPpm - a.qualityPpm || a.latencyMs - b.latencyMs || compareText(a.agent, b.agent),
    )[0]
}
