import type { ToHubOf } from '../../../codec/entry/effect.ts'
import type { ReputationEvent } from '../../market/reputation.ts'
import type { SlotFacts } from '../../records/world.ts'
import { type SeatPenalty, slashNeedBond, slashSeat } from '../penalties.ts'
import { noteEvent } from '../standing.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { WORKER } from './reserve.ts'

type Slash = ToHubOf<'slash'>

/** What a slash does to a reputation; an agent's lateness and rejected work count only where it has something at stake. */
const EVENTS: Readonly<Record<Slash['reason'], ReputationEvent | undefined>> = {
  'wrong-verdict': 'failed-attestation',
  'unrevealed-verdict': 'failed-attestation',
  equivocation: 'failed-attestation',
  'missed-beat': 'work-late',
  'rejected-result': 'work-rejected',
  'silent-seat': undefined,
  'late-yield': undefined,
  'unrevealed-plan': undefined,
  'policy-violation': undefined,
}

/** Kept of an account's last violations or failed bids, at most. */
const KEPT = 8

/**
 * Takes a part of a seat's stake, or of a worker's bond; the same reason in the same seat or attempt once.
 * Source: economy.md, "Stake and slashing"; lifecycle.md, "Entries of a need".
 */
export function applySlash(turn: Turn, id: string, need: Need, effect: Slash, now: SlotFacts): void {
  turn.putNeed(
    id,
    effect.role === 'worker' ? slashWorker(turn, need, effect, now) : slashSeated(turn, need, effect, now),
  )
}

function slashSeated(turn: Turn, need: Need, effect: Slash, now: SlotFacts): Need {
  const { account, role, attempt, reason, ppm, times, whole_lock, challenger } = effect
  const event = EVENTS[reason]
  const penalty: SeatPenalty = {
    account,
    role,
    attempt,
    ppm,
    times: times * repeatsOf(turn, effect, now),
    isWholeLock: whole_lock,
    ...(challenger === undefined ? {} : { challenger }),
    why: reason,
    ...(event === undefined ? {} : { event }),
  }
  return slashSeat(turn, need, penalty)
}

function slashWorker(turn: Turn, need: Need, effect: Slash, now: SlotFacts): Need {
  const { account, attempt, reason, ppm, times, challenger } = effect
  const key = `${reason} worker/${attempt} ${account}`
  const bond = need.bonds.find((one) => one.account === account && one.what === WORKER)
  if (bond === undefined || need.done.includes(key)) return need
  const event = EVENTS[reason]
  if (event !== undefined && bond.of > 0n) noteEvent(turn, account, event)
  if (reason === 'unrevealed-plan') noteFailedBid(turn, account, now)
  const repeated = times * repeatsOf(turn, effect, now)
  const slashed = slashNeedBond(turn, need, account, WORKER, ppm, repeated, challenger)
  return { ...slashed, done: [...need.done, key] }
}

/** A policy violation counts twice with each one before it within the network's time, and is noted. */
function repeatsOf(turn: Turn, { account, reason }: Slash, now: SlotFacts): number {
  if (reason !== 'policy-violation') return 1
  const agent = turn.agent(account)
  if (agent === undefined) return 1
  const since = now.time - turn.settings.parameters.slashPolicyRepeatMs
  const recent = agent.violations.filter((time) => time > since)
  turn.putAgent(account, { ...agent, violations: [...recent, now.time].slice(-KEPT) })
  return 2 ** recent.length
}

/**
 * Who bid and did not reveal or claim twice within a day may not bid for an hour.
 * Source: economy.md, "Auction, leases, routing".
 */
export function noteFailedBid(turn: Turn, account: string, now: SlotFacts): void {
  const agent = turn.agent(account)
  if (agent === undefined) return
  const { bidBanCountMs, bidBanMs } = turn.settings.parameters
  const failedBids = [...agent.failedBids.filter((time) => time > now.time - bidBanCountMs), now.time].slice(
    -KEPT,
  )
  const bannedUntil = failedBids.length >= 2 ? now.time + bidBanMs : agent.bannedUntil
  turn.putAgent(account, { ...agent, failedBids, bannedUntil })
}
