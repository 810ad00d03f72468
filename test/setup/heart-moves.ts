/** Moves of a need's life in the order in which they are usually made: each leads a `NeedKit` one state on. */
import { planCommitment, verdictCommitment } from '../../src/codec/payload/commitments.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import type { BucketStep } from '../../src/core/bucket/step.ts'
import type { Actor, Spoken } from '../../src/sim/heart/actor.ts'
import type { BucketOptions } from './heart-bucket.ts'
import {
  BucketKit,
  carried,
  cidOfText,
  credits,
  type NeedChanges,
  NeedKit,
  type OpenChanges,
  sha256,
  someLink,
} from './heart-bucket.ts'

export const SALT: Uint8Array = new Uint8Array(32).fill(5)

export const PATCH: Payload<'REVEAL_PLAN'>['patch'] = {
  ops: [{ op_id: '1', op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'do it' } }],
  base_lamport: 0,
}

export type BidChanges = Partial<Omit<Payload<'PROPOSE'>, 'need_id'>>

/** A sealed bid; what it is bound to is `PATCH` with `SALT`. */
export function bid(one: NeedKit, who: Actor, changes: BidChanges = {}): Spoken<'PROPOSE'> {
  const { kit } = one
  const round = changes.bid_round ?? one.need.bidRound
  const sealed = { need_id: one.id, bid_round: round, patch: PATCH, salt: SALT }
  return one.say(who, 'PROPOSE', {
    bid_round: round,
    cost: credits(0.5),
    eta: 1_000,
    lease_ttl: 60_000,
    heartbeat_interval: 500,
    manifest: someLink(9),
    registry: kit.registryOf(who.did),
    plan: { hash: planCommitment(kit.net, who.did, sealed, sha256) },
    ...changes,
  })
}

export function reveal(one: NeedKit, who: Actor, proposal: Spoken<'PROPOSE'>): Spoken<'REVEAL_PLAN'> {
  const { bid_round } = proposal.payload
  return one.say(who, 'REVEAL_PLAN', { bid_round, proposal_id: proposal.cid, patch: PATCH, salt: SALT })
}

export function attestPlan(
  one: NeedKit,
  seat: Actor,
  proposal: Spoken<'PROPOSE'>,
  verdict: 'accept' | 'reject' | 'unavailable' = 'accept',
): Spoken<'ATTEST_PLAN'> {
  const { bid_round } = proposal.payload
  return one.say(seat, 'ATTEST_PLAN', { bid_round, proposal_id: proposal.cid, verdict, reason: '' })
}

/** The bid window ends: these bids are carried and seen. */
export function close(one: NeedKit, proposals: readonly Spoken[]): BucketStep {
  one.kit.advance(1_000)
  return one.kit.propose(
    one.command('close', { proposals: carried(proposals), seen: one.seen(proposals), have: [] }),
  )
}

/** The hub locks all bonds but these. */
export function reserved(one: NeedKit, refused: readonly Actor[] = []): BucketStep {
  return one.kit.receive({
    v: 1,
    kind: 'reserved',
    need: one.id,
    slot: one.kit.slot,
    bid_round: one.need.bidRound,
    refused: refused.map(({ did }) => did),
  })
}

export function decide(
  one: NeedKit,
  proposal: Spoken<'PROPOSE'>,
  worker: Actor,
  seats: readonly Actor[],
): BucketStep {
  return one.kit.propose(
    one.command('decide', {
      proposal: proposal.cid,
      reveal: carried([reveal(one, worker, proposal)]),
      verdicts: carried(seats.map((seat) => attestPlan(one, seat, proposal))),
      fence_epoch: one.kit.records.get('bucket', '')?.fenceEpoch ?? 0,
    }),
  )
}

export type CommitChanges = Partial<Omit<Payload<'COMMIT'>, 'need_id'>>

export function commitEnvelope(one: NeedKit, who: Actor, changes: CommitChanges = {}): Spoken<'COMMIT'> {
  const { lease, attempt } = one.need
  const record = lease === undefined ? someLink(1) : cidOfText(lease.id)
  return one.say(who, 'COMMIT', {
    attempt,
    lease_id: record,
    fence: { bucket: one.kit.bucket, generation: 0, fence_epoch: lease?.fenceEpoch ?? 0, record },
    artifact: { inline: Uint8Array.of(9) },
    telemetry: { gas: 1, bytes: 1 },
    ...changes,
  })
}

export function commit(one: NeedKit, who: Actor, changes: CommitChanges = {}): BucketStep {
  const envelope = commitEnvelope(one, who, changes).field
  return one.kit.propose(one.command('commit', { envelope, have: [] }))
}

export type Verdict = Payload<'ATTEST'>['verdict']

const DIGEST = new Uint8Array(32)

/** A verdict on the present COMMIT; with `salt` as what opens its commitment. */
export function attest(
  one: NeedKit,
  seat: Actor,
  verdict: Verdict = 'accept',
  changes: Partial<Payload<'ATTEST'>> = {},
): Spoken<'ATTEST'> {
  const { attempt, commit: judged } = one.need
  const commit_id = judged === undefined ? someLink(2) : cidOfText(judged.id)
  return one.say(seat, 'ATTEST', {
    attempt,
    commit_id,
    verdict,
    gas: 1,
    digest: DIGEST,
    reason: '',
    ...changes,
  })
}

/** The commitment to the verdict that `attest` shows with `SALT`. */
export function attestCommit(
  one: NeedKit,
  seat: Actor,
  verdict: Verdict = 'accept',
): Spoken<'ATTEST_COMMIT'> {
  const { attempt, commit: judged } = one.need
  const commit_id = cidOfText(judged?.id ?? '')
  const said = { need_id: one.id, attempt, commit_id, verdict, digest: DIGEST }
  const hash = verdictCommitment(one.kit.net, seat.did, said, SALT, sha256)
  return one.say(seat, 'ATTEST_COMMIT', { attempt, commit_id, hash })
}

export function finalize(one: NeedKit, seats: readonly Actor[]): BucketStep {
  const verdicts = carried(seats.map((seat) => attest(one, seat)))
  return one.kit.propose(one.command('finalize', { verdicts }))
}

/** How far a need is led. */
export type Stage = 'OPEN' | 'RANKED' | 'RESERVED' | 'CLAIMED' | 'COMMITTED' | 'FINAL'

const STAGES: readonly Stage[] = ['OPEN', 'RANKED', 'RESERVED', 'CLAIMED', 'COMMITTED', 'FINAL']

export interface Led {
  readonly kit: BucketKit
  readonly one: NeedKit
  /** Best first. */
  readonly workers: readonly Actor[]
  /** Their bids. */
  readonly proposals: readonly Spoken<'PROPOSE'>[]
  readonly planSeats: readonly Actor[]
  readonly resultSeats: readonly Actor[]
}

export interface LeadOptions extends BucketOptions {
  readonly need?: NeedChanges
  readonly opening?: OpenChanges
  /** Bidders; the first asks for least. */
  readonly bidders?: number
  /** K of both roles, and seats of each; out of bootstrap mode from 2 on. */
  readonly k?: number
}

/** A need in this stage, led there by the usual moves; throws where one of them is refused. */
export function leadTo(stage: Stage, options: LeadOptions = {}): Led {
  const { bidders = 2, k = 1 } = options
  const kit = new BucketKit(options)
  const one = new NeedKit(kit, options.need)
  const people = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => kit.person(from + i))
  const planSeats = people(10, k)
  const resultSeats = people(10 + k, k)
  const isSimple = (options.need?.task_class ?? 'simple') === 'simple'
  const { result: _, ...plain } = one.opening({
    k_plan: k,
    k_result: k,
    bootstrap: k === 1,
    eligible: k === 1 ? 4 : 4 * k,
    plan: one.drawn(planSeats.map(({ did }) => did)),
  })
  const seated = { ...plain, result: one.drawn(resultSeats.map(({ did }) => did)) }
  must(kit.receive({ ...(isSimple ? seated : plain), ...options.opening }))
  const workers = people(1, bidders)
  const proposals = workers.map((who, i) => bid(one, who, { cost: credits(0.5 + i / 100) }))
  const led: Led = { kit, one, workers, proposals, planSeats, resultSeats }
  const moves: Record<Exclude<Stage, 'OPEN'>, () => void> = {
    RANKED: () => must(close(one, proposals)),
    RESERVED: () => must(reserved(one)),
    CLAIMED: () => must(decide(one, proposals[0] as Spoken<'PROPOSE'>, workers[0] as Actor, planSeats)),
    COMMITTED: () => {
      must(commit(one, workers[0] as Actor))
      if (!isSimple) seatResult(led)
    },
    FINAL: () => must(finalize(one, resultSeats)),
  }
  for (const next of STAGES.slice(1, STAGES.indexOf(stage) + 1)) moves[next as Exclude<Stage, 'OPEN'>]()
  return led
}

/** The result seats that were asked for last, as the hub names them. */
export function seatResult({ kit, one, resultSeats }: Led, isUsedUp = false): BucketStep {
  return seatRole(kit, one, 'result', resultSeats, isUsedUp)
}

export function seatRole(
  kit: BucketKit,
  one: NeedKit,
  role: 'plan' | 'result' | 'challenge',
  seats: readonly Actor[],
  isUsedUp = false,
): BucketStep {
  const { attempt, wave, challenge } = kit.lastSent('draw')
  return kit.receive({
    v: 1,
    kind: 'seated',
    need: one.id,
    role,
    attempt,
    wave,
    answered: kit.slot,
    ...(challenge === undefined ? {} : { challenge }),
    ...one.drawn(
      seats.map(({ did }) => did),
      isUsedUp,
    ),
  })
}

/** Throws when the step was refused. */
export function must(step: BucketStep): BucketStep {
  if (step.verdict.kind !== 'applied') throw new Error(JSON.stringify(step.verdict))
  return step
}

/** The code of a refusal, or `applied`. */
export function outcome({ verdict }: BucketStep): string {
  return verdict.kind === 'applied' ? 'applied' : verdict.code
}
