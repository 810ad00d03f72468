import type { CID } from '../../codec/cid.ts'
import { planCommitment } from '../../codec/payload/commitments.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { type Isolation, isolates } from '../../model/isolation.ts'
import type { MicroText } from '../../model/micro.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import type { Lease } from '../bucket/tables.ts'
import type { RegistryProof } from '../system/registry.ts'
import { type Line, line } from './line.ts'
import { committeeOf, type Scene } from './scene.ts'
import { type Delivery, NO_PART, type Outcomes, type Part, type SaltOf, saying } from './work.ts'

/** What a worker offers of one capability. Amounts in micro-credits, sizes in bytes, times in ms. */
export interface Offer {
  readonly capability: string
  /** Price of any task, and of each KiB of input that is begun. */
  readonly price: bigint
  readonly pricePerKib: bigint
  readonly inputBytesMax: number
  readonly eta: number
  readonly leaseTtl: number
  readonly heartbeatInterval: number
  /** What its runner gives. */
  readonly isolation: Isolation
  /** Where it is done; absent: nowhere in particular. */
  readonly zones?: readonly string[]
}

export interface WorkerSelf {
  readonly did: Did
  readonly offers: ReadonlyMap<string, Offer>
  /** Id of the MANIFEST in force; undefined: it cannot bid. */
  readonly manifest: CID | undefined
  /** Its record in the registry of the last slot; undefined while that is not known. */
  readonly registry: () => RegistryProof | undefined
  /** False: no room for a further task. */
  readonly hasRoom: boolean
  /** True when this need's result, of those that a NEED requires, is there. */
  readonly isFinished: (need: string) => boolean
  readonly saltOf: SaltOf
}

/**
 * What an honest worker does in a need: bids, shows its plan, claims, works and says so, delivers; and yields what it cannot
 * do. Source: lifecycle.md, "Entries of a need"; economy.md, "Auction, leases, routing".
 */
export function workerPart(scene: Scene, self: WorkerSelf, outcomes: Pick<Outcomes, 'delivery'>): Part {
  const { state } = scene.need
  if (state === 'OPEN') return bid(scene, self)
  if (state === 'RANKED') return reveal(scene, self)
  if (state === 'DECIDED') return claim(scene, self)
  return state === 'CLAIMED' ? work(scene, self, outcomes) : NO_PART
}

/** The price of a need by the offer. */
export function priceOf({ price, pricePerKib }: Offer, inputBytes: number): bigint {
  return price + pricePerKib * BigInt(Math.ceil(inputBytes / 1_024))
}

/** Bytes of the input as the NEED says; a sealed one is as large as its largest box. */
export function inputBytesOf({ input }: Pick<Payload<'NEED'>, 'input'>): number {
  if ('inline' in input) return input.inline.length
  return 'cid' in input ? input.size : Math.max(...input.sealed.map(({ box }) => box.length))
}

function bid(scene: Scene, self: WorkerSelf): Part {
  if (scene.hasSaid(`PROPOSE ${scene.need.bidRound}`)) return NO_PART
  const offer = self.offers.get(scene.terms.capability)
  if (offer === undefined || self.manifest === undefined || !self.hasRoom) return NO_PART
  if (!isForMe(scene, self.did) || !suits(scene, offer) || !isReady(scene, self)) return NO_PART
  const cost = priceOf(offer, inputBytesOf(scene.payload))
  // Of an improving round: the bid that stands is the best that it can say.
  const stands = scene.need.ranking.some(({ bidder }) => bidder === self.did)
  const proof = cost > scene.terms.budget || stands ? undefined : self.registry()
  if (proof === undefined || proof.slot < scene.terms.escrowed) return NO_PART
  const { bidRound } = scene.need
  return saying(
    line('PROPOSE', {
      need_id: scene.cid,
      bid_round: bidRound,
      cost: cost.toString() as MicroText,
      eta: offer.eta,
      lease_ttl: leaseTtlOf(scene, offer),
      heartbeat_interval: Math.min(offer.heartbeatInterval, leaseTtlOf(scene, offer)),
      manifest: self.manifest,
      registry: { ...proof, path: proof.path.map(([side, hash]): [0 | 1, Uint8Array] => [side, hash]) },
      plan: { hash: planCommitment(scene.net, self.did, planOf(scene, self, bidRound), scene.sha256) },
    }),
  )
}

/** Bids of the requester, of who is not invited, who sits, or is banned do not count. */
function isForMe(scene: Scene, did: Did): boolean {
  const { terms, hub, slot } = scene
  if (terms.requester === did || (terms.invited.length > 0 && !terms.invited.includes(did))) return false
  if ((hub.get('agents', did)?.bannedUntil ?? 0) > slot.time) return false
  const seated = [committeeOf(scene, 'plan', 0), committeeOf(scene, 'result', 0)]
  return seated.every((one) => one?.seats.includes(did) !== true)
}

function suits({ payload, terms }: Scene, offer: Offer): boolean {
  const { isolation, zone } = payload.constraints
  if ('sealed' in payload.input || inputBytesOf(payload) > offer.inputBytesMax) return false
  if (isolation !== undefined && !isolates(offer.isolation, isolation)) return false
  if (zone !== undefined && offer.zones?.includes(zone) !== true) return false
  return offer.eta <= terms.deadlineMs
}

function isReady({ payload }: Scene, { isFinished }: WorkerSelf): boolean {
  return payload.requires.every((need) => isFinished(need.toString()))
}

function leaseTtlOf({ terms }: Scene, { leaseTtl }: Offer): number {
  const { leaseTtlMinMs, leaseTtlMaxMs } = terms.parameters
  return Math.min(Math.max(leaseTtl, leaseTtlMinMs), leaseTtlMaxMs)
}

/** Follows from the need alone: after a restart the same plan opens the same commitment. */
function planOf({ cid, id, payload }: Scene, { did, saltOf }: WorkerSelf, bidRound: number) {
  const op = {
    op_id: '1',
    op_type: 'ADD_TASK' as const,
    task_id: id,
    payload: { label: payload.label, task_type: payload.task_type, need_id: cid },
  }
  const patch = { ops: [op], base_lamport: 0 }
  return { need_id: cid, bid_round: bidRound, patch, salt: saltOf(`plan ${did} ${id} ${bidRound}`) }
}

function reveal(scene: Scene, self: WorkerSelf): Part {
  const [head] = scene.need.ranking
  if (head?.bidder !== self.did || !head.isReserved || head.sealed === undefined) return NO_PART
  if (scene.hasSaid(`REVEAL_PLAN ${head.proposal}`)) return NO_PART
  const { patch, salt } = planOf(scene, self, head.round)
  const proposal_id = cidOfId(head.proposal)
  return saying(line('REVEAL_PLAN', { need_id: scene.cid, bid_round: head.round, proposal_id, patch, salt }))
}

/** What it has no room for it does not claim: the next one's window opens. */
function claim(scene: Scene, { did, offers, hasRoom }: WorkerSelf): Part {
  const { attempt, ranking, awaits } = scene.need
  const [head] = ranking
  const offer = offers.get(scene.terms.capability)
  if (head?.bidder !== did || awaits !== undefined || offer === undefined || !hasRoom) return NO_PART
  const lease_ttl = leaseTtlOf(scene, offer)
  const heartbeat_interval = Math.min(offer.heartbeatInterval, lease_ttl)
  const proposal_id = cidOfId(head.proposal)
  return saying(line('CLAIM', { need_id: scene.cid, attempt, proposal_id, lease_ttl, heartbeat_interval }))
}

function work(scene: Scene, self: WorkerSelf, { delivery }: Pick<Outcomes, 'delivery'>): Part {
  const { lease, attempt } = scene.need
  if (lease?.worker !== self.did) return NO_PART
  const key = `deliver ${lease.id}`
  const found = self.offers.has(scene.terms.capability) ? delivery(key) : NOT_OFFERED
  if (found?.kind === 'failed') return saying(giveUp(scene, lease, found))
  const lines = beats(scene, lease)
  return found === undefined
    ? { lines, work: [{ kind: 'deliver', key, attempt }] }
    : { lines: [commit(scene, lease, found), ...lines], work: [] }
}

const NOT_OFFERED: Delivery = { kind: 'failed', reason: 'not offered any more' }

type Delivered = Extract<Delivery, { kind: 'delivered' }>
type Failed = Exclude<Delivery, Delivered>

function giveUp({ cid, need }: Scene, { id }: Lease, { reason }: Failed): Line {
  const lease_id = cidOfId(id)
  return line('YIELD', { need_id: cid, attempt: need.attempt, lease_id, reason: reason.slice(0, REASON_MAX) })
}

/** Beats go on beside it: an entry takes a large artifact only when the voters have fetched it. */
function commit({ cid, bucket, generation, need }: Scene, lease: Lease, found: Delivered): Line {
  const lease_id = cidOfId(lease.id)
  const { artifact, telemetry, subNeeds = [] } = found
  const fence = { bucket, generation, fence_epoch: lease.fenceEpoch, record: lease_id }
  const said = { need_id: cid, attempt: need.attempt, lease_id, fence, artifact, telemetry }
  return line('COMMIT', subNeeds.length === 0 ? said : { ...said, sub_needs: [...subNeeds] })
}

const REASON_MAX = 1_024

/**
 * One beat in the middle of each interval: wherever a new leader's intervals begin, each holds one. From half of the lease
 * on each asks for an interval more, so that the lease outlives the work by half its length.
 */
function beats({ cid, slot, need }: Scene, lease: Lease): readonly Line[] {
  const { interval, ttl, granted, id } = lease
  const elapsed = slot.clock - granted.clock
  const beat = Math.floor(elapsed / interval + 0.5)
  if (beat < 1) return []
  const progress = Math.min(99, Math.floor((elapsed * 100) / ttl))
  const said = { need_id: cid, attempt: need.attempt, lease_id: cidOfId(id), progress }
  const payload = elapsed > ttl / 2 ? { ...said, extend: interval } : said
  return [{ kind: 'HEARTBEAT', payload, key: `HEARTBEAT ${id} ${beat}` }]
}
