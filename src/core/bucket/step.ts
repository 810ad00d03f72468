/**
 * The machine of one bucket: pure, and refusing with a code what the state does not allow. Every rule reads state, the
 * entry, and the facts of the slots that it names; nothing else. Source: lifecycle.md; consensus.md, "Buckets".
 */
import { equalBytes } from '../../codec/bytes.ts'
import { type CID, cidOf, envelopeIdOf } from '../../codec/cid.ts'
import type { BucketCommand, BucketCommandOf } from '../../codec/entry/bucket-command.ts'
import type { ToHub } from '../../codec/entry/effect.ts'
import { assert } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { Draft } from '../records/draft.ts'
import { Records } from '../records/tables.ts'
import type { Step, View } from '../records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import { applyEntry, type NeedCommand } from './apply-entry.ts'
import { applyFence } from './entries/fence.ts'
import { applyLead } from './entries/lead.ts'
import { NeedTurn } from './need-turn.ts'
import { NOTHING } from './nothing.ts'
import { sendPenalties } from './penalties.ts'
import { applied, refused } from './steps.ts'
import { type BucketRecord, type BucketTables, type Need, recordKey } from './tables.ts'
import { termsOf } from './terms.ts'
import { movesOf } from './transitions.ts'

export type BucketStep = Step<BucketTables, ToHub>

/** A bucket without a need, as a network begins. */
export function openBucket(bucket: number, generation: number): Records<BucketTables> {
  const records = new Records<BucketTables>()
  const value: BucketRecord = { bucket, generation, fenceEpoch: 0, slot: 0, clock: 0, paused: 0 }
  records.apply([{ table: 'bucket', key: '', value }])
  return records
}

/** A need by the text of its id; undefined where this bucket has none of it. */
export function needOf(view: View<BucketTables>, id: string): Need | undefined {
  return view.get('needs', id)
}

/**
 * What a command of a voter makes of the state. Refused commands write nothing and ask for nothing. Rejects
 * NOT_IN_COMMITTEE for who is no voter, WINDOW_CLOSED for a slot that is not known or before the bucket's last,
 * UNKNOWN_THREAD for a need that is not here, CONFLICT for another chain head than the need's (the message has it) or a
 * state in which the entry is not allowed, and what each entry says.
 */
export function stepBucket(
  view: View<BucketTables>,
  command: BucketCommand,
  item: Uint8Array,
  at: AppliedAt,
  world: World,
): BucketStep {
  const bucket = bucketOf(view)
  const repeated = command.kind === 'decide' ? repeatedDecide(view, command, world) : undefined
  if (repeated !== undefined) return repeated
  const slot = judgeFrame(command, bucket, at)
  if (!slot.ok) return refused(slot.error)
  const draft = new Draft(view)
  const next = { ...bucket, slot: slot.value.n, clock: slot.value.clock }
  if (command.kind === 'lead') {
    draft.put('bucket', '', { ...applyLead(bucket, slot.value), slot: next.slot, clock: next.clock })
    return applied(draft, NOTHING)
  }
  if (command.kind === 'fence') {
    const fenced = applyFence(next, command, at, world)
    if (!fenced.ok) return refused(fenced.error)
    draft.put('bucket', '', fenced.value)
    return applied(draft, NOTHING)
  }
  const turn = beginTurn(draft, next, command, item, at, world, slot.value)
  if (!turn.ok) return refused(turn.error)
  draft.put('bucket', '', next)
  return runTurn(turn.value, command)
}

export function bucketOf(view: View<BucketTables>): BucketRecord {
  const bucket = view.get('bucket', '')
  assert(bucket !== undefined, 'a bucket has its record from the start')
  return bucket
}

function judgeFrame(
  { by, slot }: BucketCommand,
  bucket: BucketRecord,
  at: AppliedAt,
): Result<SlotFacts, Rejection> {
  if (!at.voters.includes(by)) return reject('NOT_IN_COMMITTEE', `${by} is no voter`, 'by')
  const facts = at.slot(slot)
  if (facts === undefined) return reject('WINDOW_CLOSED', `slot ${slot} is not known`, 'slot')
  return slot < bucket.slot
    ? reject('WINDOW_CLOSED', `the bucket is at slot ${bucket.slot}`, 'slot')
    : ok(facts)
}

function beginTurn(
  draft: Draft<BucketTables>,
  bucket: BucketRecord,
  command: NeedCommand,
  item: Uint8Array,
  at: AppliedAt,
  world: World,
  slot: SlotFacts,
): Result<NeedTurn, Rejection> {
  const key = envelopeIdOf(command.need)
  const need = draft.get('needs', key)
  const terms = termsOf(draft, key)
  if (need === undefined || terms === undefined)
    return reject('UNKNOWN_THREAD', `no need ${key} here`, 'need')
  if (!equalBytes(command.prev, need.head)) {
    return reject('CONFLICT', `the need's chain head is ${need.head.toHex()}`, 'prev')
  }
  if (movesOf(command.kind, need.state) === undefined) {
    return reject('CONFLICT', `no ${command.kind} in ${need.state}`, 'kind')
  }
  return ok(new NeedTurn({ world, at, draft, bucket, slot, id: command.need, need, terms, item }))
}

function runTurn(turn: NeedTurn, command: NeedCommand): BucketStep {
  sendPenalties(turn)
  const result = applyEntry(turn, command)
  if (!result.ok) return refused(result.error)
  const allowed = movesOf(command.kind, turn.before.state)
  assert(allowed?.includes(turn.need.state) === true, 'an entry leads where the table says')
  turn.finish()
  return applied(turn.draft, result.value, turn)
}

/**
 * One DECIDE per need: the same proposal at the same fence epoch again returns the existing record and changes nothing,
 * another is refused with it. Undefined where the need has none. Source: consensus.md, "Buckets".
 */
function repeatedDecide(
  view: View<BucketTables>,
  command: BucketCommandOf<'decide'>,
  world: World,
): BucketStep | undefined {
  const key = envelopeIdOf(command.need)
  const record = view.get('records', recordKey(key, 'decide'))
  if (record === undefined) return undefined
  const decided = view.get('needs', key)?.decision
  const isSame =
    decided?.proposal === envelopeIdOf(command.proposal) && decided.fenceEpoch === command.fence_epoch
  if (isSame) return { writes: [], effects: [], verdict: { kind: 'applied', result: record } }
  const id: CID = cidOf(record, world.sha256)
  return refused(
    reject('CONFLICT', `decided by ${envelopeIdOf(id)} for ${decided?.proposal ?? ''}`, 'proposal').error,
  )
}
