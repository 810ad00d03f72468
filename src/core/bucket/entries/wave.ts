import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Did } from '../../../model/ids.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import { askForReview } from '../challenges.ts'
import { hear, largestSide, roomOf, slashEquivocation, tally } from '../committee.ts'
import { drawChallengeSeats, drawPlanSeats, drawResultSeats } from '../draws.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { findReveal } from '../plan-reveal.ts'
import type { Committee, Moment } from '../tables.ts'
import { majoritySlot, readSeen, type Sightings } from '../voters.ts'
import { momentAt } from '../windows.ts'

type Wave = BucketCommandOf<'wave'>

/** What is judged, by which committee, and since when its seats could answer. */
interface Judging {
  readonly committee: Committee
  readonly on: string
  /** Absent: they cannot yet. */
  readonly since: Moment | undefined
  readonly windowMs: number
}

/**
 * As many further seats as are missing, when no side can reach K any more with those that are left: who can no longer answer
 * is slashed and out; a challenge whose order is used up goes to people. Rejects CONFLICT where nothing is judged, seats are being drawn, a side has K, or can still reach it,
 * WINDOW_CLOSED for an order that is used up, and as `readSeen`.
 * Source: lifecycle.md, "Entries of a need" (`wave`), "Committees".
 */
export function applyWave(turn: NeedTurn, command: Wave): Result<Uint8Array, Rejection> {
  const opened = turn.carryAll(command.verdicts)
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const first = judgeByCatch(turn, sightings.value)
  if (first !== undefined) return { ok: false, error: first }
  const judging = judgingOf(turn, command, opened.value, sightings.value)
  if (!judging.ok) return judging
  const { committee: before, on } = judging.value
  if (before.isDrawing) return reject('CONFLICT', 'seats are being drawn')
  const heard = hear(turn, before, on, opened.value, 'all')
  if (!heard.ok) return heard
  const counted = tally(heard.value, on)
  const largest = largestSide(before, counted)
  if (largest >= before.k) return reject('CONFLICT', `a side has its ${before.k} verdicts`)
  const silent = counted.open.filter((seat) => isSilent(turn, judging.value, seat, sightings.value))
  const left = counted.open.length - silent.length
  if (largest + left >= before.k) return reject('CONFLICT', `${left} seats may still answer`)
  if (roomOf(before) === 0 && silent.length === 0 && before.role !== 'challenge') {
    return reject('WINDOW_CLOSED', 'the order of this role is used up')
  }
  slashEquivocation(turn, before, heard.value)
  for (const seat of silent) slashSilence(turn, heard.value, seat)
  callFurther(turn, { ...heard.value, silent: [...before.silent, ...silent] }, before.k - largest - left)
  return ok(NOTHING)
}

/** Its time is over; or all others show what they committed to, and it has not committed itself. */
function isSilent(turn: NeedTurn, judging: Judging, seat: Did, { until }: Sightings): boolean {
  const { committee, since, windowMs } = judging
  const isBound = committee.commitments.some((one) => one.seat === seat)
  if (committee.isCommitReveal && committee.revealing !== undefined && !isBound) return true
  return since !== undefined && turn.elapsed(since, until) >= windowMs
}

function callFurther(turn: NeedTurn, committee: Committee, missing: number): void {
  const room = roomOf(committee)
  if (room === 0) {
    turn.putCommittee(committee)
    if (committee.challenge !== undefined) askForReview(turn, committee.challenge)
    return
  }
  const count = Math.min(missing, room)
  const waves = committee.waves + 1
  turn.putCommittee({ ...committee, waves, isDrawing: true })
  if (committee.role === 'plan') drawPlanSeats(turn, waves, count)
  else if (committee.role === 'result') drawResultSeats(turn, waves, count)
  else drawChallengeSeats(turn, committee, waves, count)
}

function judgingOf(
  turn: NeedTurn,
  { role, challenge }: Wave,
  envelopes: readonly SingleEnvelope[],
  sightings: Sightings,
): Result<Judging, Rejection> {
  if (role === 'challenge')
    return challengeJudging(turn, challenge === undefined ? '' : envelopeIdOf(challenge))
  return role === 'plan' ? planJudging(turn, envelopes, sightings) : resultJudging(turn)
}

/** Plan seats have their time from when a majority of voters had seen the plan. */
function planJudging(
  turn: NeedTurn,
  envelopes: readonly SingleEnvelope[],
  sightings: Sightings,
): Result<Judging, Rejection> {
  const { need, terms } = turn
  const [head] = need.ranking
  if (need.state !== 'RANKED' || head === undefined || !head.isReserved) {
    return reject('CONFLICT', 'no plan is judged')
  }
  const windowMs = terms.parameters.planAttestWindowMs
  const committee = turn.seated('plan')
  if (head.sealed === undefined) {
    return ok({ committee, on: head.proposal, since: later(need.since, committee.since), windowMs })
  }
  if (need.revealed?.proposal !== head.proposal) {
    const reveal = findReveal(turn, head, envelopes)
    const slot = reveal === undefined ? undefined : majoritySlot(sightings, reveal.id)
    const at = slot === undefined ? undefined : momentAt(slot, turn.at, turn.bucket)
    if (reveal === undefined || at === undefined)
      return reject('CONFLICT', 'the plan was not revealed to a majority')
    turn.update({ revealed: { proposal: head.proposal, plan: reveal.plan, at } })
  }
  const since = turn.need.revealed?.at
  return ok({
    committee,
    on: head.proposal,
    since: since === undefined ? undefined : later(since, committee.since),
    windowMs,
  })
}

function resultJudging(turn: NeedTurn): Result<Judging, Rejection> {
  const { commit } = turn.need
  if (turn.need.state !== 'COMMITTED' || commit === undefined)
    return reject('CONFLICT', 'no result is judged')
  const committee = turn.seated('result')
  const { attestWindowMs, revealWindowMs } = turn.terms.parameters
  return ok(
    committee.isCommitReveal
      ? { committee, on: commit.id, since: committee.revealing, windowMs: revealWindowMs }
      : { committee, on: commit.id, since: committee.since, windowMs: attestWindowMs },
  )
}

function challengeJudging(turn: NeedTurn, id: string): Result<Judging, Rejection> {
  const challenge = turn.challenge(id)
  const committee = turn.committee('challenge', id)
  if (challenge?.state !== 'revealed' || committee === undefined) {
    return reject('CONFLICT', 'no such challenge is judged', 'challenge')
  }
  const since = later(challenge.at, committee.since)
  return ok({ committee, on: id, since, windowMs: turn.terms.parameters.attestWindowMs })
}

function later(a: Moment, b: Moment): Moment {
  return a.clock >= b.clock ? a : b
}

/** A seat that committed itself and then showed nothing loses as for a wrong verdict. */
function slashSilence(turn: NeedTurn, committee: Committee, account: Did): void {
  const { slashSilencePpm, slashWrongVerdictPpm } = turn.terms.parameters
  const { role, attempt } = committee
  const isUnrevealed = committee.commitments.some(({ seat }) => seat === account)
  turn.slash(
    isUnrevealed
      ? { account, role, attempt, reason: 'unrevealed-verdict', ppm: slashWrongVerdictPpm, isWholeLock: true }
      : { account, role, attempt, reason: 'silent-seat', ppm: slashSilencePpm },
  )
}
