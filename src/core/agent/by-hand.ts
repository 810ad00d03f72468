import type { Kind, Payload } from '../../codec/payload/verbs.ts'
import { type Rejection, type RejectionCode, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import { challengeKey } from '../bucket/tables.ts'
import { verdictLine } from './challenge-seat.ts'
import { type Line, line } from './line.ts'
import { committeeOf, hasSeat, type Scene } from './scene.ts'
import { verifierPart } from './verifier.ts'
import type { Delivery, Judgement, Part } from './work.ts'
import { type Offer, type WorkerSelf, workerPart } from './worker.ts'

type Delivered = Extract<Delivery, { kind: 'delivered' }>

/** What somebody who drives an agent by hand wants it to say. Times in ms, `cost` in micro-credits. */
export type Deed =
  | { readonly kind: 'propose'; readonly offer: Omit<Offer, 'capability' | 'pricePerKib' | 'inputBytesMax'> }
  | { readonly kind: 'claim'; readonly leaseTtl: number; readonly heartbeatInterval: number }
  | { readonly kind: 'heartbeat'; readonly progress: number; readonly extend?: number }
  | { readonly kind: 'commit'; readonly delivery: Delivered }
  | { readonly kind: 'yield'; readonly reason: string }
  | { readonly kind: 'attest'; readonly judgement: Judgement }
  | {
      readonly kind: 'verdict'
      /** Text of its CHALLENGE_COMMIT's id. */
      readonly challenge: string
      readonly outcome: Payload<'VERDICT'>['outcome']
      readonly gas: number
      readonly reason: string
    }

export type Hand = Pick<WorkerSelf, 'did' | 'manifest' | 'registry' | 'isFinished' | 'saltOf'>

/** Whatever is decided by hand where an agent is driven so; plans are shown and bound verdicts opened all the same. */
const BY_HAND: ReadonlySet<Kind> = new Set([
  'PROPOSE',
  'CLAIM',
  'HEARTBEAT',
  'COMMIT',
  'YIELD',
  'ATTEST_PLAN',
  'VERDICT',
])

/** What an agent that is driven by hand does by itself: it begins no work, and decides nothing. */
export function besideHand({ lines }: Part): Part {
  return { lines: lines.filter(({ kind }) => !BY_HAND.has(kind)), work: [] }
}

/**
 * The line for a deed, in the place where it stands: the same as an agent of its own accord would say. Rejects WINDOW_CLOSED
 * where the need is not at that point, NOT_LEASE_HOLDER, NOT_IN_COMMITTEE, DUPLICATE, UNKNOWN_CAPABILITY where the registry
 * does not name the agent's offers yet, OVER_CAP for a bid above the budget, CONFLICT for one that cannot count now.
 */
export function lineByHand(scene: Scene, hand: Hand, deed: Deed): Result<Line, Rejection> {
  const found = lineOf(scene, hand, deed)
  return found.ok && scene.hasSaid(found.value.key) && found.value.kind !== 'HEARTBEAT'
    ? reject('DUPLICATE', `it has said its ${found.value.kind} here already`)
    : found
}

function lineOf(scene: Scene, hand: Hand, deed: Deed): Result<Line, Rejection> {
  switch (deed.kind) {
    case 'propose':
      return propose(scene, hand, deed)
    case 'claim':
      return claim(scene, hand, deed)
    case 'heartbeat':
    case 'commit':
    case 'yield':
      return underLease(scene, hand, deed)
    case 'attest':
      return attest(scene, hand, deed)
    case 'verdict':
      return judgeChallenge(scene, hand, deed)
    default:
      return deed satisfies never
  }
}

function propose(
  scene: Scene,
  hand: Hand,
  { offer }: Extract<Deed, { kind: 'propose' }>,
): Result<Line, Rejection> {
  const { terms, need } = scene
  if (need.state !== 'OPEN') return closed(scene, 'OPEN')
  if (hand.manifest === undefined) {
    return reject('UNKNOWN_CAPABILITY', 'the registry does not name what this account offers yet')
  }
  if (offer.price > terms.budget) return reject('OVER_CAP', `the budget is ${terms.budget}`, 'cost')
  if (scene.hasSaid(`PROPOSE ${need.bidRound}`)) {
    return reject('DUPLICATE', 'it has bid in this round already')
  }
  const whole = {
    ...offer,
    capability: terms.capability,
    pricePerKib: 0n,
    inputBytesMax: Number.MAX_SAFE_INTEGER,
  }
  const offers = new Map([[terms.capability, whole]])
  const [bid] = workerPart(scene, { ...hand, offers, hasRoom: true }, NO_OUTCOME).lines
  return bid === undefined
    ? reject(
        'CONFLICT',
        'a bid of this account does not count here now: it asks, sits, is not invited, or must wait',
      )
    : ok(bid)
}

const NO_OUTCOME = { delivery: () => undefined }

function claim(
  scene: Scene,
  { did }: Hand,
  { leaseTtl, heartbeatInterval }: Extract<Deed, { kind: 'claim' }>,
): Result<Line, Rejection> {
  const { state, attempt, ranking, awaits } = scene.need
  const [head] = ranking
  if (state !== 'DECIDED' || awaits !== undefined) return closed(scene, 'DECIDED')
  if (head?.bidder !== did) return reject('NOT_LEASE_HOLDER', `it is the turn of ${head?.bidder ?? 'nobody'}`)
  return ok(
    line('CLAIM', {
      need_id: scene.cid,
      attempt,
      proposal_id: cidOfId(head.proposal),
      lease_ttl: leaseTtl,
      heartbeat_interval: heartbeatInterval,
    }),
  )
}

function underLease(
  scene: Scene,
  hand: Hand,
  deed: Extract<Deed, { kind: 'heartbeat' | 'commit' | 'yield' }>,
): Result<Line, Rejection> {
  const { state, lease, attempt } = scene.need
  if (state !== 'CLAIMED' || lease === undefined) return closed(scene, 'CLAIMED')
  if (lease.worker !== hand.did) return reject('NOT_LEASE_HOLDER', `the lease is held by ${lease.worker}`)
  const said = { need_id: scene.cid, attempt, lease_id: cidOfId(lease.id) }
  if (deed.kind === 'yield') return ok(line('YIELD', { ...said, reason: deed.reason }))
  if (deed.kind === 'commit') return ok(commit(scene, hand, deed.delivery))
  const { progress, extend } = deed
  const payload = extend === undefined ? { ...said, progress } : { ...said, progress, extend }
  return ok({ kind: 'HEARTBEAT', payload, key: `HEARTBEAT ${lease.id} by hand` })
}

function commit(scene: Scene, hand: Hand, delivery: Delivered): Line {
  const { capability } = scene.terms
  const offers = new Map([[capability, IDLE_OFFER]])
  const [first] = workerPart(scene, { ...hand, offers, hasRoom: true }, { delivery: () => delivery }).lines
  return first as Line
}

/** Who delivers has an offer; nothing else of it matters any more. */
const IDLE_OFFER: Offer = {
  capability: '',
  price: 0n,
  pricePerKib: 0n,
  inputBytesMax: 0,
  eta: 0,
  leaseTtl: 0,
  heartbeatInterval: 0,
  isolation: 'none',
}

function attest(
  scene: Scene,
  hand: Hand,
  { judgement }: Extract<Deed, { kind: 'attest' }>,
): Result<Line, Rejection> {
  const { state } = scene.need
  if (state === 'RANKED') return attestPlan(scene, hand, judgement)
  if (state !== 'COMMITTED') return closed(scene, 'RANKED or COMMITTED')
  const committee = committeeOf(scene, 'result', scene.need.attempt)
  if (!hasSeat(committee, hand.did)) return noSeat()
  const { lines } = verifierPart({ ...scene, hasSaid: () => false }, hand, { judgement: () => judgement })
  const found = lines.find(({ kind }) => kind === 'ATTEST' || kind === 'ATTEST_COMMIT')
  return found === undefined ? closed(scene, 'open to verdicts') : ok(found)
}

function attestPlan(scene: Scene, { did }: Hand, { verdict, reason }: Judgement): Result<Line, Rejection> {
  const [head] = scene.need.ranking
  if (!hasSeat(committeeOf(scene, 'plan', 0), did)) return noSeat()
  if (head?.isReserved !== true) return closed(scene, 'open to verdicts')
  const proposal_id = cidOfId(head.proposal)
  return ok(line('ATTEST_PLAN', { need_id: scene.cid, bid_round: head.round, proposal_id, verdict, reason }))
}

function judgeChallenge(
  scene: Scene,
  { did }: Hand,
  { challenge, ...said }: Extract<Deed, { kind: 'verdict' }>,
): Result<Line, Rejection> {
  const known = scene.view.get('challenges', challengeKey(scene.id, challenge))
  if (known?.state !== 'revealed') {
    return reject(
      'WINDOW_CLOSED',
      `the challenge is ${known?.state ?? 'not known here'}, not revealed`,
      'challenge',
    )
  }
  if (!hasSeat(committeeOf(scene, 'challenge', challenge), did)) return noSeat()
  return ok(verdictLine(scene, challenge, said))
}

function noSeat(): Result<Line, Rejection> {
  return reject('NOT_IN_COMMITTEE', 'this account has no seat here')
}

function closed({ need }: Scene, wanted: string): Result<Line, Rejection> {
  const code: RejectionCode = 'WINDOW_CLOSED'
  return reject(code, `it is ${need.state}, not ${wanted}`)
}
