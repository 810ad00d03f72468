import { compareText } from '../../../model/compare-text.ts'
import type { Did } from '../../../model/ids.ts'
import { betaSample } from './beta.ts'
import { logarithm } from './logarithm.ts'

/** What the requester has learned of an agent in one context. Starts at `FRESH_ARM`. */
export interface Arm {
  readonly plays: number
  /** Sum of rewards, each 0 to 1. */
  readonly reward: number
}

export const FRESH_ARM: Arm = { plays: 0, reward: 0 }

/** Uniform in [0, 1): the requester's random source, or numbers that were journalled. */
export type Uniform = () => number

/** Weight of what is little known. Source: economy.md, "Auction, leases, routing" (UCB1, exploration bonus). */
const EXPLORATION = 2

/** What makes two tasks alike. Deadline and budget are given as whole decades by the caller. */
export interface Context {
  readonly domain: string
  readonly complexity: 'simple' | 'complex' | 'critical'
  readonly deadlineDecade: number
  readonly budgetDecade: number
}

/** Key under which arms of a context are kept. */
export function contextKey({ domain, complexity, deadlineDecade, budgetDecade }: Context): string {
  return JSON.stringify([domain, complexity, deadlineDecade, budgetDecade])
}

/** quality x speed x (1 - cost ratio), each held within 0 and 1. Source: economy.md, "Auction, leases, routing" (BANDIT). */
export function rewardOf(quality: number, speed: number, costRatio: number): number {
  return unit(quality) * unit(speed) * (1 - unit(costRatio))
}

export function updated({ plays, reward }: Arm, gained: number): Arm {
  return { plays: plays + 1, reward: reward + unit(gained) }
}

/** A choice with what it rests on, for whoever wants to know why it lost. */
export interface Choice {
  readonly chosen: Did
  readonly samples: readonly { readonly did: Did; readonly value: number }[]
}

type Arms = ReadonlyMap<Did, Arm>

/** Thompson sampling: one draw of each arm's posterior (from uniform), the largest wins, ties by smaller DID. Asserts nothing of an empty map: undefined. */
export function thompson(arms: Arms, random: Uniform): Choice | undefined {
  return choose(arms, ({ plays, reward }) => betaSample(1 + reward, 1 + plays - reward, random))
}

/** UCB1: the mean and a bonus for what was played little; who was never played comes first. */
export function ucb1(arms: Arms, exploration: number = EXPLORATION): Choice | undefined {
  const total = [...arms.values()].reduce((sum, { plays }) => sum + plays, 0)
  return choose(arms, ({ plays, reward }) => {
    if (plays === 0) return Number.POSITIVE_INFINITY
    return reward / plays + Math.sqrt((exploration * logarithm(total)) / plays)
  })
}

/** Deviations by which a winner must stand above all others to be invited alone. */
const CONFIDENCE = 2

/**
 * The agent that is surely best, to be invited alone: its posterior mean less two deviations lies above every other's mean
 * and two deviations. Undefined for none, and for a single arm that was never played.
 */
export function confidentWinner(arms: Arms): Did | undefined {
  const bounds = sorted(arms).map(([did, arm]) => ({ did, ...boundsOf(arm), plays: arm.plays }))
  return bounds.find(
    ({ did, low, plays }) => plays > 0 && bounds.every((other) => other.did === did || other.high < low),
  )?.did
}

/** Mean and two deviations of the posterior Beta(1 + reward, 1 + plays - reward), on either side. */
function boundsOf({ plays, reward }: Arm): { readonly low: number; readonly high: number } {
  const mean = (1 + reward) / (2 + plays)
  const deviation = Math.sqrt((mean * (1 - mean)) / (3 + plays))
  return { low: mean - CONFIDENCE * deviation, high: mean + CONFIDENCE * deviation }
}

function choose(arms: Arms, valueOf: (arm: Arm) => number): Choice | undefined {
  const samples = sorted(arms).map(([did, arm]) => ({ did, value: valueOf(arm) }))
  const [first] = samples
  if (first === undefined) return undefined
  const { did: chosen } = samples.reduce((best, one) => (one.value > best.value ? one : best), first)
  return { chosen, samples }
}

function sorted(arms: Arms): readonly (readonly [Did, Arm])[] {
  return [...arms].sort(([a], [b]) => compareText(a, b))
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value))
}
