import { envelopeIdOf } from '../../codec/cid.ts'
import type { NeedEffect, ToBucket, ToHub } from '../../codec/entry/effect.ts'
import { assert } from '../../model/fault.ts'
import { reject } from '../../model/rejection.ts'
import { Draft } from '../records/draft.ts'
import type { Step, View } from '../records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import {
  applyBonded,
  applyPaid,
  applyRefilled,
  applyReserved,
  applyReviewed,
  applySeated,
} from './entries/answers.ts'
import { applyGovernedFence } from './entries/fence.ts'
import { applyOpen, type Opening } from './entries/open.ts'
import { NeedTurn } from './need-turn.ts'
import { NOTHING } from './nothing.ts'
import { bucketOf } from './step.ts'
import { applied, refused } from './steps.ts'
import type { BucketTables } from './tables.ts'
import { termsOf } from './terms.ts'
import { BEGINNING, movesOf } from './transitions.ts'

/**
 * What an effect of the hub makes of the state. It arrives once, in its order (`from.n`), when the node holds the slot that
 * it names. An answer that comes too late to matter is applied and changes nothing but the chain; after the hub's last word
 * not even that. Rejects WINDOW_CLOSED for a slot that is not known, UNKNOWN_THREAD for a need that is not here, CONFLICT where
 * the table has no move, and as `applyOpen`: none of which an honest hub brings about.
 */
export function receiveAtBucket(
  view: View<BucketTables>,
  effect: ToBucket,
  item: Uint8Array,
  _from: { readonly n: number },
  at: AppliedAt,
  world: World,
): Step<BucketTables, ToHub> {
  const bucket = bucketOf(view)
  const slot = slotOf(effect, at, bucket.slot)
  if (slot === undefined) return refused(reject('WINDOW_CLOSED', 'its slot is not known', 'slot').error)
  const draft = new Draft(view)
  if (effect.kind === 'fence') {
    const fenced = applyGovernedFence(bucket, effect)
    if (!fenced.ok) return refused(fenced.error)
    draft.put('bucket', '', fenced.value)
    return applied(draft, NOTHING)
  }
  return receiveOfNeed({ draft, bucket, at, world, item, slot }, effect)
}

function receiveOfNeed(receiving: Opening, effect: NeedEffect): Step<BucketTables, ToHub> {
  const { draft, bucket, at, world, item, slot } = receiving
  const key = envelopeIdOf(effect.need)
  if (effect.kind === 'open') {
    const opened = applyOpen(receiving, effect)
    if (!opened.ok) return refused(opened.error)
    assert(BEGINNING.open.includes(opened.value.need.state), 'an entry leads where the table says')
    opened.value.finish()
    return applied(draft, NOTHING, opened.value)
  }
  const need = draft.get('needs', key)
  const terms = termsOf(draft, key)
  if (need === undefined || terms === undefined) {
    return refused(reject('UNKNOWN_THREAD', `no need ${key} here`, 'need').error)
  }
  if (need.over !== undefined) return applied(draft, NOTHING)
  const allowed = movesOf(effect.kind, need.state)
  if (allowed === undefined) return refused(reject('CONFLICT', `no ${effect.kind} in ${need.state}`).error)
  const turn = new NeedTurn({
    world,
    at,
    draft,
    bucket,
    slot,
    id: effect.need,
    need,
    terms,
    item,
  })
  answer(turn, effect)
  assert(allowed.includes(turn.need.state), 'an entry leads where the table says')
  turn.finish()
  return applied(draft, NOTHING, turn)
}

function answer(turn: NeedTurn, effect: Exclude<NeedEffect, { kind: 'open' }>): void {
  switch (effect.kind) {
    case 'reserved':
      return applyReserved(turn, effect)
    case 'seated':
      return applySeated(turn, effect)
    case 'bonded':
      return applyBonded(turn, effect)
    case 'refilled':
      return applyRefilled(turn, effect)
    case 'reviewed':
      return applyReviewed(turn, effect)
    case 'paid':
      return applyPaid(turn)
    default:
      return effect satisfies never
  }
}

/** The slot from which what the effect opens counts; `paid` opens nothing. */
function slotOf(effect: ToBucket, at: AppliedAt, last: number): SlotFacts | undefined {
  switch (effect.kind) {
    case 'open':
      return at.slot(effect.plan.slot)
    case 'fence':
    case 'reserved':
    case 'bonded':
    case 'refilled':
    case 'reviewed':
      return at.slot(effect.slot)
    case 'seated':
      return at.slot(effect.answered)
    case 'paid':
      return at.slot(last) ?? NO_SLOT
    default:
      return effect satisfies never
  }
}

/** Of what reads no time. */
const NO_SLOT: SlotFacts = {
  n: 0,
  time: 0,
  clock: 0,
  roster: new Uint8Array(32),
  registry: new Uint8Array(32),
}
