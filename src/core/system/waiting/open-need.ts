import { type CID, parseCid } from '../../../codec/cid.ts'
import type { ToBucketOf } from '../../../codec/entry/effect.ts'
import { assert } from '../../../model/fault.ts'
import type { Did } from '../../../model/ids.ts'
import type { Micro, MicroText } from '../../../model/micro.ts'
import { feePerSeat, seatLock } from '../../market/bounds.ts'
import type { Drawn } from '../../market/draw.ts'
import { kPlan, kResult } from '../../market/quorum.ts'
import { bucketOf, roleSeed } from '../../market/seeds.ts'
import { countEligible, draw, excludedFrom, seat, toEffect } from '../committee.ts'
import { freezeRoster } from '../rosters.ts'
import { type Need, type RoleState, roleKey, type Waiting } from '../tables.ts'
import type { Turn } from '../turn.ts'
import type { DrawSlot } from './draw-slot.ts'
import { enqueue } from './queue.ts'

type WaitingNeed = Extract<Waiting, { kind: 'open' }>

/** What a need is opened with, before anything of it is locked or sent. */
interface Opening {
  readonly id: CID
  readonly need: Need
  readonly eligible: number
  readonly plan: Drawn
  readonly planSeed: Uint8Array
  /** Class simple alone: seats of attempt 0. */
  readonly result: Drawn | undefined
  readonly resultSeed: Uint8Array
}

/**
 * The second beacon after its escrow has come: bucket, seeds and seats follow from it. With too few verifiers the need waits
 * for the next beacon, up to its deadline; then it is opened with whoever there is, so that its own entries end it (its bucket
 * sees a used-up order and a deadline that is over). Source: lifecycle.md, "Committees"; economy.md, "Pools, reputation, committees".
 */
export function openWaiting(turn: Turn, slot: DrawSlot, waiting: WaitingNeed): void {
  // Its requester took it back.
  if (turn.need(waiting.need) === undefined) return
  const opening = prepare(turn, slot, waiting)
  const isLate = slot.facts.time >= waiting.until
  if (isTooFew(opening) && !isLate) {
    enqueue(turn, { ...waiting, beacons: turn.network.beacons + 1 })
    return
  }
  open(turn, slot, waiting, opening)
}

function isTooFew({ need, eligible, plan, result }: Opening): boolean {
  const lacksResult = result !== undefined && result.seats.length < need.kResult
  return eligible === 0 || plan.seats.length < need.kPlan || lacksResult
}

function prepare(turn: Turn, { facts, members, weights }: DrawSlot, { need: text }: WaitingNeed): Opening {
  const { network, settings, world } = turn
  const { parameters } = settings
  const waiting = turn.need(text)
  const parsed = parseCid(text)
  assert(waiting !== undefined && parsed.ok, 'what waits is a need of its id')
  const id = parsed.value
  const excluded = excludedFrom(turn, waiting, members, [])
  const eligible = countEligible(members, excluded, waiting.capability)
  const quorums = {
    kPlan: kPlan(eligible, network.isBootstrap, parameters),
    kResult: kResult(eligible, network.isBootstrap, 0, parameters),
  }
  const need: Need = { ...waiting, ...quorums, ...terms(waiting, quorums, turn) }
  const planSeed = roleSeed(id, facts.beacon, 'plan', 0, world.sha256)
  const resultSeed = roleSeed(id, facts.beacon, 'result', 0, world.sha256)
  const asked = { members, weights, excluded, lock: need.lock }
  const plan = draw(turn, need, { ...asked, seed: planSeed, count: need.kPlan })
  const planned = new Set<Did>(plan.seats)
  const result =
    need.class === 'simple'
      ? draw(turn, need, { ...asked, seed: resultSeed, count: need.kResult, planned })
      : undefined
  return { id, need, eligible, plan, planSeed, result, resultSeed }
}

/** Fee and lock of a seat: the lock is that of the smaller quorum, so that it is enough for each role. */
function terms(
  { budget, bounty }: Need,
  quorums: Pick<Need, 'kPlan' | 'kResult'>,
  turn: Turn,
): Pick<Need, 'fee' | 'lock'> {
  const least = Math.min(quorums.kPlan, quorums.kResult)
  return {
    fee: feePerSeat(bounty as Micro, quorums.kPlan, quorums.kResult),
    lock: seatLock(budget as Micro, bounty as Micro, least, turn.settings.parameters),
  }
}

function open(turn: Turn, slot: DrawSlot, waiting: WaitingNeed, opening: Opening): void {
  const { facts, members } = slot
  const { plan, planSeed, result, resultSeed } = opening
  const bucket = bucketOf(opening.id, facts.beacon, turn.settings.buckets, turn.world.sha256)
  const start = (key: string, seed: Uint8Array, { state }: Drawn): RoleState => {
    const roster = freezeRoster(turn, facts.roster, members)
    return { key, slot: facts.n, seed, roster, j: state.j, taken: state.taken }
  }
  const planRole = start(roleKey('plan', 0), planSeed, plan)
  const resultRole = result === undefined ? undefined : start(roleKey('result', 0), resultSeed, result)
  const roles = resultRole === undefined ? [planRole] : [planRole, resultRole]
  const opened = { ...opening.need, bucket, roles }
  const planned = seat(turn, opened, waiting.need, planRole.key, plan.seats)
  const need =
    result === undefined ? planned : seat(turn, planned, waiting.need, roleKey('result', 0), result.seats)
  turn.putNeed(waiting.need, need)
  const drawn =
    result === undefined || resultRole === undefined
      ? { plan: toEffect(planRole, plan) }
      : { plan: toEffect(planRole, plan), result: toEffect(resultRole, result) }
  turn.send(bucket, openEffect(turn, slot, waiting, { ...opening, need }, drawn))
}

function openEffect(
  turn: Turn,
  { facts, parameters }: DrawSlot,
  { envelope, until }: WaitingNeed,
  { id, need, eligible }: Opening,
  drawn: Pick<ToBucketOf<'open'>, 'plan' | 'result'>,
): ToBucketOf<'open'> {
  return {
    v: 1,
    kind: 'open',
    need: id,
    envelope: envelope as ToBucketOf<'open'>['envelope'],
    bucket: need.bucket,
    slot: need.slot,
    beacon: facts.beacon,
    eligible,
    bootstrap: turn.network.isBootstrap,
    k_plan: need.kPlan,
    k_result: need.kResult,
    fee: need.fee.toString() as MicroText,
    lock: need.lock.toString() as MicroText,
    capsule: need.capsule,
    parameters: parameters as ToBucketOf<'open'>['parameters'],
    deadline: facts.time >= until ? until : facts.time + need.deadlineMs,
    ...drawn,
  }
}
