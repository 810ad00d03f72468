/** How a need stands, as the agreed state of this node has it, in JSON. */
import * as z from 'zod'
import {
  type Bid,
  type BucketTables,
  type Committee,
  challengeKey,
  type Need,
} from '../core/bucket/tables.ts'
import { termsOf } from '../core/bucket/terms.ts'
import { CHALLENGE_STATES, NEED_STATES } from '../core/bucket/transitions.ts'
import { elapsed } from '../core/bucket/windows.ts'
import { challengeWindowMs } from '../core/market/bounds.ts'
import type { View } from '../core/records/view.ts'
import { slotFacts } from '../core/system/slots.ts'
import type { MicroText } from '../model/micro.ts'
import { count, did, envelopeId, micro, threadId, timeMs } from './fields.ts'
import type { NodeServices } from './services.ts'

/** POSTED: this node said it, and the hub has not decided; REFUSED: the hub never took it; WAITING: escrowed, and not drawn into a bucket yet. */
const needState = z.enum(['POSTED', 'REFUSED', 'WAITING', ...NEED_STATES])

export const needBrief = z.strictObject({
  need: envelopeId,
  thread: threadId.nullable().describe('null: it is over, and its bucket is not remembered'),
  requester: did.nullable(),
  state: needState,
  outcome: z.string().nullable().describe('once the hub has closed it'),
  refusal: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe('why the hub refused it'),
  bucket: z.int().nullable(),
  capability: z.string().nullable(),
  budget: micro.nullable(),
  attempt: count,
  bids: count,
  worker: did.nullable().describe('who holds the lease, or delivered'),
  artifact: z.string().nullable().describe("CID of the worker's result"),
  final: z.boolean().describe('a committee has accepted the result'),
  challenges: count,
  challenge_window_left_ms: z.number().nullable().describe('0: closed; null: not final'),
  over: z.boolean(),
})

export type NeedBrief = z.input<typeof needBrief>

const bid = z.strictObject({
  proposal: envelopeId,
  bidder: did,
  cost: micro,
  eta_ms: count,
  score: z.number(),
  reputation: z.number(),
  reserved: z.boolean().describe('its bond is held'),
})

const committee = z.strictObject({
  role: z.enum(['plan', 'result', 'challenge']),
  attempt: count,
  quorum: count,
  seats: z.array(did),
  silent: z.array(did),
  waves: count,
  votes: z.array(z.strictObject({ seat: did, choice: z.string() })),
})

export const needDetail = needBrief.extend({
  label: z.string().nullable(),
  leader: did.nullable().describe('who leads its bucket, as far as this node knows'),
  deadline: timeMs.nullable(),
  ranking: z.array(bid),
  decision: z.strictObject({ record: z.string(), proposal: z.string(), fence_epoch: count }).nullable(),
  lease: z
    .strictObject({ id: z.string(), worker: did, ttl_ms: count, interval_ms: count, beats: count })
    .nullable(),
  committees: z.array(committee),
  challenge_list: z.array(
    z.strictObject({ id: z.string(), challenger: did, state: z.enum(CHALLENGE_STATES), bond: micro }),
  ),
  envelopes: count.describe('that entries carried so far'),
})

export type NeedDetail = z.input<typeof needDetail>

type Looked = Pick<NodeServices, 'heart' | 'posted'>

interface Place {
  readonly bucket: number
  readonly view: View<BucketTables>
  readonly need: Need
}

/** Undefined for a need that this node knows nothing of. */
export function briefOf(services: Looked, id: string): NeedBrief | undefined {
  const { heart } = services
  const place = placeOf(services, id)
  if (place !== undefined) return briefIn(services, id, place)
  const hub = heart.hub().get('needs', id)
  if (hub === undefined) return postedIn(services, id)
  return {
    ...NOTHING_YET,
    need: id as NeedBrief['need'],
    requester: hub.requester as z.input<typeof did>,
    capability: hub.capability,
    budget: hub.budget.toString() as MicroText,
  }
}

/** What this node alone knows: the hub has not, or never, taken it. */
function postedIn({ posted }: Looked, id: string): NeedBrief | undefined {
  const found = posted.of(id)
  if (found === undefined) return undefined
  const { read, refusal } = found
  const { payload, sender, thread } = read.body
  return {
    ...NOTHING_YET,
    need: read.id,
    thread,
    requester: sender,
    state: refusal === undefined ? 'POSTED' : 'REFUSED',
    refusal: refusal === undefined ? null : { code: refusal.code, message: refusal.message },
    capability: payload.capability,
    budget: payload.budget,
    over: refusal !== undefined,
  }
}

const NOTHING_YET = {
  thread: null,
  state: 'WAITING',
  outcome: null,
  refusal: null,
  bucket: null,
  attempt: 0,
  bids: 0,
  worker: null,
  artifact: null,
  final: false,
  challenges: 0,
  challenge_window_left_ms: null,
  over: false,
} as const satisfies Partial<NeedBrief>

/** The rest of it beside `briefOf`. */
export function detailOf(services: Looked, id: string): NeedDetail | undefined {
  const brief = briefOf(services, id)
  if (brief === undefined) return undefined
  const place = placeOf(services, id)
  const label = services.heart.needEnvelope(id)?.body.payload.label ?? null
  if (place === undefined) return { ...brief, ...NO_DETAIL, label }
  const { need, view } = place
  const { decision, lease } = need
  return {
    ...brief,
    label,
    leader: services.heart.leaderOf(place.bucket) ?? null,
    deadline: need.deadline,
    ranking: need.ranking.map(bidOf),
    decision: decision === undefined ? null : { ...pick(decision), fence_epoch: decision.fenceEpoch },
    lease: lease === undefined ? null : leaseOf(lease),
    committees: committeesOf(view, id),
    challenge_list: challengesOf(view, id, need),
    envelopes: view.get('envelopes', id)?.length ?? 0,
  }
}

const NO_DETAIL = {
  leader: null,
  deadline: null,
  ranking: [],
  decision: null,
  lease: null,
  committees: [],
  challenge_list: [],
  envelopes: 0,
}

/** Where a need is, once it was drawn into a bucket. */
export function placeOf({ heart }: Looked, id: string): Place | undefined {
  const bucket = heart.bucketOf(id)
  if (bucket === undefined) return undefined
  const view = heart.bucket(bucket)
  const need = view.get('needs', id)
  return need === undefined ? undefined : { bucket, view, need }
}

function briefIn(services: Looked, id: string, { bucket, view, need }: Place): NeedBrief {
  const terms = view.get('terms', id)
  const worker = need.commit?.worker ?? need.lease?.worker
  return {
    need: id as NeedBrief['need'],
    thread: (terms?.thread ?? null) as NeedBrief['thread'],
    requester: terms?.requester ?? null,
    state: need.state,
    outcome: outcomeOf(services, id, view),
    refusal: null,
    bucket,
    capability: terms?.capability ?? null,
    budget: terms === undefined ? null : (terms.budget.toString() as MicroText),
    attempt: need.attempt,
    bids: need.ranking.length,
    worker: worker ?? null,
    artifact: need.commit?.artifact ?? null,
    final: need.finalized !== undefined,
    challenges: need.challenges.length,
    challenge_window_left_ms: windowLeft(services, id, view, need),
    over: need.over !== undefined,
  }
}

/** How the hub has closed it: it knows the need by its requester's key. */
function outcomeOf({ heart }: Looked, id: string, view: View<BucketTables>): string | null {
  const thread = view.get('terms', id)?.thread
  const posted = thread === undefined ? undefined : heart.hub().get('posted', thread)
  return posted?.need === id ? (posted.outcome ?? null) : null
}

/** Slot time for which a challenge is still taken. */
function windowLeft({ heart }: Looked, id: string, view: View<BucketTables>, need: Need): number | null {
  const terms = termsOf(view, id)
  if (need.finalized === undefined || terms === undefined) return null
  const bucket = view.get('bucket', '')
  const slot = slotFacts(heart.hub(), heart.slot().n)
  if (need.state !== 'FINAL' || bucket === undefined || slot === undefined) return 0
  const { taskClass, budget, parameters } = terms
  const window = challengeWindowMs(taskClass, budget, parameters)
  return Math.max(0, window - elapsed(need.finalized.at, slot, bucket))
}

function bidOf({ proposal, bidder, cost, eta, score, reputation, isReserved }: Bid) {
  return {
    proposal: proposal as NeedBrief['need'],
    bidder,
    cost: cost.toString() as MicroText,
    eta_ms: eta,
    score,
    reputation,
    reserved: isReserved,
  }
}

function pick({ record, proposal }: NonNullable<Need['decision']>) {
  return { record, proposal }
}

function leaseOf({ id, worker, ttl, interval, beats }: NonNullable<Need['lease']>) {
  return { id, worker, ttl_ms: ttl, interval_ms: interval, beats: beats?.length ?? 0 }
}

function committeesOf(view: View<BucketTables>, id: string): z.input<typeof committee>[] {
  return ofNeed(view, 'committees', id).map((key) => committeeOf(view.get('committees', key) as Committee))
}

function committeeOf({ role, attempt, k, seats, silent, waves, votes }: Committee) {
  return {
    role,
    attempt,
    quorum: k,
    seats: [...seats],
    silent: [...silent],
    waves,
    votes: votes.map(({ seat, choice }) => ({ seat, choice })),
  }
}

function challengesOf(view: View<BucketTables>, id: string, need: Need) {
  return need.challenges.flatMap((which) => {
    const challenge = view.get('challenges', challengeKey(id, which))
    if (challenge === undefined) return []
    const { challenger, state, bond } = challenge
    return [{ id: which, challenger, state, bond: bond.toString() as MicroText }]
  })
}

/** Keys of a table that belong to a need. */
function ofNeed(view: View<BucketTables>, table: 'committees', id: string): readonly string[] {
  return view.keys(table).filter((key) => key.startsWith(`${id} `))
}
