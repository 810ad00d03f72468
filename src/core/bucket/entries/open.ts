import { envelopeIdOf } from '../../../codec/cid.ts'
import { hashDagCbor } from '../../../codec/dag-cbor/encode.ts'
import type { ToBucketOf } from '../../../codec/entry/effect.ts'
import { envelopeHash } from '../../../codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Payload } from '../../../codec/payload/verbs.ts'
import { LruMap } from '../../../model/lru-map.ts'
import type { Micro } from '../../../model/micro.ts'
import type { Parameters } from '../../../model/parameters.ts'
import { parseParameters } from '../../../model/parse-parameters.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { Draft } from '../../records/draft.ts'
import { HISTORY_START } from '../../records/history.ts'
import type { AppliedAt, SlotFacts, World } from '../../records/world.ts'
import { newCommittee } from '../committee.ts'
import { endNeed } from '../ending.ts'
import { NeedTurn } from '../need-turn.ts'
import { type BucketRecord, type BucketTables, committeeKey, type Need, type Terms } from '../tables.ts'
import { UNPINNED_BYTES_MAX } from '../voters.ts'
import { momentOf } from '../windows.ts'

type Open = ToBucketOf<'open'>

const SETS_MAX = 64
/** Sets that were read; forgetting one costs reading it again, no answer. */
const parsedSets = new LruMap<string, Parameters>(SETS_MAX)

/** What an `open` is applied to. */
export interface Opening {
  readonly draft: Draft<BucketTables>
  readonly bucket: BucketRecord
  readonly at: AppliedAt
  readonly world: World
  readonly item: Uint8Array
  /** Of the slot whose beacon drew the bucket: bids are taken from then on. */
  readonly slot: SlotFacts
}

/**
 * The need begins, with all that it needs of the hub; one that the capsule denies ends at once, and is refunded. Rejects
 * CONFLICT for another bucket, DUPLICATE for a need that exists, MALFORMED for what is no NEED or no parameters: a hub sends
 * nothing like it. Source: lifecycle.md, "Entries of a need" (`open`).
 */
export function applyOpen(opening: Opening, effect: Open): Result<NeedTurn, Rejection> {
  const { draft, bucket, world, slot } = opening
  const key = envelopeIdOf(effect.need)
  if (effect.bucket !== bucket.bucket) return reject('CONFLICT', `for bucket ${effect.bucket}`)
  if (draft.get('needs', key) !== undefined) return reject('DUPLICATE', `need ${key} exists`)
  const opened = world.openEnvelope(effect.envelope, slot.time)
  if (!opened.ok) return opened
  const { id, body } = opened.value
  if (body.kind !== 'NEED' || id !== key) return reject('MALFORMED', 'not the NEED that it names', 'envelope')
  const set = hashDagCbor(effect.parameters, world.sha256).toHex()
  const parameters = parametersOf(set, effect)
  if (!parameters.ok) return parameters
  const terms = termsOf(effect, opened.value as SingleEnvelope<'NEED'>, parameters.value, slot)
  const turn = beginTurn(opening, effect, terms)
  const { bytes, sig } = opened.value
  draft.put('parameters', set, terms.parameters)
  draft.put('terms', key, { ...terms, parameters: set })
  draft.put('envelopes', key, [{ id, hash: envelopeHash({ bytes, sig }, world.sha256) }])
  putSeats(opening, effect, terms)
  const judged = world.judge(effect.capsule, opened.value, slot.n)
  if (!judged.ok) endNeed(turn, 'cancelled')
  return ok(turn)
}

/** By its hash: needs of a network mostly have the same ones. */
function parametersOf(set: string, { parameters }: Open): Result<Parameters, Rejection> {
  const known = parsedSets.get(set)
  if (known !== undefined) return ok(known)
  const parsed = parseParameters('production', parameters)
  if (parsed.ok) parsedSets.set(set, parsed.value)
  return parsed
}

function beginTurn({ at, ...opening }: Opening, effect: Open, terms: Terms): NeedTurn {
  const since = momentOf(opening.slot, opening.bucket)
  const need: Need = {
    state: 'OPEN',
    head: HISTORY_START,
    attempt: 0,
    bidRound: 0,
    emptyRounds: 0,
    since,
    deadline: effect.deadline,
    kResult: effect.k_result,
    upheld: 0,
    ranking: [],
    bestScore: 0,
    asked: [],
    bidders: [],
    rejections: [],
    challenges: [],
    wrong: [],
  }
  return new NeedTurn({ ...opening, at, id: effect.need, need, terms })
}

function termsOf(
  effect: Open,
  { body }: SingleEnvelope<'NEED'>,
  parameters: Parameters,
  slot: SlotFacts,
): Terms {
  const { payload, sender, thread } = body
  const { invited = [], improving_rounds = 0, commit_reveal = false } = payload.constraints
  const input = pinnedInput(payload)
  return {
    thread,
    requester: sender,
    taskClass: payload.task_class,
    budget: BigInt(payload.budget) as Micro,
    capability: payload.capability,
    invited,
    improvingRounds: Math.min(improving_rounds, parameters.improvingRoundsMax),
    isCommitReveal: commit_reveal || payload.task_class !== 'simple',
    ...(input === undefined ? {} : { input }),
    capsule: effect.capsule,
    parameters,
    escrowed: effect.slot,
    deadlineMs: Math.max(0, effect.deadline - slot.time),
    eligible: effect.eligible,
    isBootstrap: effect.bootstrap,
    kPlan: effect.k_plan,
  }
}

/** Bytes of the CID of an input that a majority of the voters must hold. */
function pinnedInput({ input }: Payload<'NEED'>): Uint8Array | undefined {
  return 'cid' in input && input.size > UNPINNED_BYTES_MAX ? input.cid.bytes : undefined
}

function putSeats({ draft, bucket, slot }: Opening, effect: Open, terms: Terms): void {
  const key = envelopeIdOf(effect.need)
  const since = momentOf(slot, bucket)
  const plan = newCommittee({
    role: 'plan',
    attempt: 0,
    k: effect.k_plan,
    isCommitReveal: false,
    drawn: effect.plan,
    since,
  })
  draft.put('committees', committeeKey(key, 'plan', 0), plan)
  if (effect.result === undefined) return
  const { isCommitReveal } = terms
  const drawn = effect.result
  const result = newCommittee({
    role: 'result',
    attempt: 0,
    k: effect.k_result,
    isCommitReveal,
    drawn,
    since,
  })
  draft.put('committees', committeeKey(key, 'result', 0), result)
}
