/**
 * What a voter of a bucket could propose for a need, given what it has seen: the entries that `lifecycle.md` marks *voter*,
 * and those that carry one envelope of somebody else. Which of them is lawful now, the machine's own step says: nothing of
 * its rules stands here. Source: lifecycle.md, "Entries of a need".
 */
import { CID, envelopeIdOf } from '../../codec/cid.ts'
import type { BucketCommand } from '../../codec/entry/bucket-command.ts'
import type { HaveStatement, SeenStatement } from '../../codec/entry/statements.ts'
import type { Kind } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { judgeWord, wordOf } from '../bucket/committee.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import type { BucketTables, Committee, Need } from '../bucket/tables.ts'
import { challengeKey, committeeKey } from '../bucket/tables.ts'
import { isOver, type NeedState } from '../bucket/transitions.ts'
import type { View } from '../records/view.ts'
import type { World } from '../records/world.ts'
import type { NeedPool, Pooled } from './pool.ts'

export interface Proposing {
  readonly view: View<BucketTables>
  /** Text of the need's id. */
  readonly need: string
  readonly pool: NeedPool
  readonly slot: number
  readonly world: World
  /** The proposing voter. */
  readonly by: Did
  /** Statements of voters for the need's present head: asked for only by entries that conclude from what is missing. */
  readonly seen: () => readonly SeenStatement[]
  readonly have: (cid: CID) => readonly HaveStatement[]
}

type Parts = BucketCommand extends infer One
  ? One extends { readonly need: CID }
    ? Omit<One, 'v' | 'need' | 'prev' | 'slot' | 'by'>
    : never
  : never

/** In the order in which they should be tried; `state`: as if the need were in another. Statements are asked for when one is taken from the list. */
export function* candidatesOf(proposing: Proposing, state?: NeedState): Generator<BucketCommand> {
  const { view, need: key, slot, by } = proposing
  const need = view.get('needs', key)
  if (need === undefined) return
  for (const parts of partsOf(proposing, need, state ?? need.state)) {
    yield { v: 1, need: cidOfId(key), prev: need.head, slot, by, ...parts }
  }
}

function* partsOf(proposing: Proposing, need: Need, state: NeedState): Generator<Parts> {
  if (isOver(state)) return
  yield* challenges(proposing, need)
  switch (state) {
    case 'OPEN':
      yield* open(proposing, need)
      break
    case 'RANKED':
      yield* ranked(proposing, need)
      break
    case 'DECIDED':
      yield* each(proposing, 'CLAIM', (envelope) => ({ kind: 'claim', envelope }))
      yield { kind: 'lapse', ...concluding(proposing) }
      yield { kind: 'expire', ...concluding(proposing) }
      break
    case 'CLAIMED':
      yield* claimed(proposing)
      break
    case 'COMMITTED':
      yield* committed(proposing, need)
      break
    case 'FINAL':
      yield { kind: 'settle' }
      break
    case 'SETTLED':
    case 'CANCELLED':
    case 'EXPIRED':
    case 'SPLIT':
      break
    default:
      state satisfies never
  }
}

function* open(proposing: Proposing, need: Need): Generator<Parts> {
  const { pool, seen, have, view, need: key } = proposing
  yield* each(proposing, 'CANCEL', (envelope) => ({ kind: 'cancel', envelope }))
  const input = view.get('terms', key)?.input
  const held = input === undefined ? [] : have(cidOfBytes(input))
  const bids = pool.of('PROPOSE').filter(({ envelope }) => envelope.body.payload.bid_round === need.bidRound)
  if (bids.length > 0) yield { kind: 'close', proposals: fields(bids), seen: [], have: [...held] }
  yield { kind: 'close', proposals: fields(pool.news), seen: [...seen()], have: [...held] }
  yield { kind: 'expire', ...concluding(proposing) }
}

function* ranked(proposing: Proposing, need: Need): Generator<Parts> {
  const { pool, seen, view, need: key } = proposing
  const [head] = need.ranking
  if (head !== undefined) {
    const proposal = cidOfId(head.proposal)
    const committee = view.get('committees', committeeKey(key, 'plan', 0))
    const verdicts = words(proposing, committee, head.proposal, 'ATTEST_PLAN')
    const reveals = pool
      .of('REVEAL_PLAN')
      .filter(({ envelope: { body } }) => envelopeIdOf(body.payload.proposal_id) === head.proposal)
    const fence_epoch = view.get('bucket', '')?.fenceEpoch ?? 0
    for (const reveal of [...reveals.map(({ field }) => [field]), []]) {
      yield { kind: 'decide', proposal, reveal, verdicts, fence_epoch }
    }
    yield { kind: 'pass', proposal, verdicts, seen: [] }
    yield { kind: 'pass', proposal, verdicts: fields(pool.news), seen: [...seen()] }
    yield { kind: 'wave', role: 'plan', verdicts: fields(pool.news), seen: [...seen()] }
  }
  yield { kind: 'expire', ...concluding(proposing) }
}

function* claimed(proposing: Proposing): Generator<Parts> {
  const { pool, have } = proposing
  for (const { envelope, field } of pool.of('COMMIT')) {
    const { artifact } = envelope.body.payload
    yield { kind: 'commit', envelope: field, have: 'cid' in artifact ? [...have(artifact.cid)] : [] }
  }
  yield* each(proposing, 'YIELD', (envelope) => ({ kind: 'yield', envelope }))
  const beats = pool.of('HEARTBEAT')
  const { seen, carried } = concluding(proposing)
  const isBeat = new Set(beats.map(({ field }) => field))
  yield {
    kind: 'release',
    beats: fields(beats),
    seen,
    carried: carried.filter((field) => !isBeat.has(field)),
  }
  yield { kind: 'expire', seen, carried }
}

function* committed(proposing: Proposing, need: Need): Generator<Parts> {
  const { pool, seen, view, need: key } = proposing
  const committee = view.get('committees', committeeKey(key, 'result', need.attempt))
  const verdicts = words(proposing, committee, need.commit?.id ?? '', 'ATTEST')
  if (committee?.isCommitReveal === true && committee.revealing === undefined) {
    const commitments = fields(pool.of('ATTEST_COMMIT'))
    yield { kind: 'reveal', commitments, seen: [] }
    yield { kind: 'reveal', commitments: fields(pool.news), seen: [...seen()] }
  } else {
    yield { kind: 'finalize', verdicts }
    yield { kind: 'reject', verdicts }
  }
  yield { kind: 'wave', role: 'result', verdicts: fields(pool.news), seen: [...seen()] }
  yield { kind: 'split', ...concluding(proposing) }
}

/** A new challenge, what opens one, and what ends one. */
function* challenges(proposing: Proposing, need: Need): Generator<Parts> {
  const { pool, seen, view, need: key } = proposing
  yield* each(proposing, 'CHALLENGE_COMMIT', (envelope) => ({ kind: 'challenge', envelope }))
  yield* each(proposing, 'CHALLENGE', (envelope) => ({ kind: 'challenge', envelope }))
  for (const id of need.challenges) {
    const state = view.get('challenges', challengeKey(key, id))?.state
    const challenge = cidOfId(id)
    if (state === 'upheld') yield { kind: 'invalidate', challenge }
    if (state === undefined || state === 'closed') continue
    const committee = view.get('committees', committeeKey(key, 'challenge', id))
    for (const { field, envelope } of pool.of('WITHDRAW')) {
      if (envelopeIdOf(envelope.body.payload.challenge_id) === id) {
        yield { kind: 'verdict', challenge, verdicts: [field] }
      }
    }
    const verdicts = words(proposing, committee, id, 'VERDICT')
    yield { kind: 'verdict', challenge, verdicts }
    if (state === 'revealed') {
      yield { kind: 'wave', role: 'challenge', challenge, verdicts: fields(pool.news), seen: [...seen()] }
    }
    yield { kind: 'void-challenge', challenge, ...concluding(proposing) }
  }
}

function* each({ pool }: Proposing, kind: Kind, make: (field: Pooled['field']) => Parts): Generator<Parts> {
  for (const { field } of pool.of(kind)) yield make(field)
}

function concluding({ pool, seen }: Proposing) {
  return { seen: [...seen()], carried: fields(pool.news) }
}

function fields(pooled: readonly Pooled[]): Pooled['field'][] {
  return pooled.map(({ field }) => field)
}

/** Verdicts that count with the committee, as its own rule says. */
function words(
  { pool, world }: Proposing,
  committee: Committee | undefined,
  on: string,
  kind: Kind,
): Pooled['field'][] {
  if (committee === undefined) return []
  return fields(
    pool.of(kind).filter(({ envelope }) => {
      const word = wordOf(envelope, world)
      const isNew = committee.votes.every(({ id }) => id !== envelope.id)
      return isNew && word !== undefined && judgeWord(committee, on, word) === undefined
    }),
  )
}

function cidOfBytes(bytes: Uint8Array): CID {
  return CID.decode(bytes)
}
