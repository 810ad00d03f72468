import { envelopeIdOf } from '../../codec/cid.ts'
import type { ToHub } from '../../codec/entry/effect.ts'
import { reject } from '../../model/rejection.ts'
import { ok } from '../../model/result.ts'
import type { View } from '../records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import { applyBond } from './effects/bond.ts'
import { applyChallengeEnd } from './effects/challenge-end.ts'
import { applyDraw } from './effects/draw.ts'
import { applyEnd } from './effects/end.ts'
import { applyRefill } from './effects/refill.ts'
import { applyReserve } from './effects/reserve.ts'
import { applySlash } from './effects/slash.ts'
import { applyUnlock } from './effects/unlock.ts'
import { finish } from './finish.ts'
import type { HubTables, Need } from './tables.ts'
import { type HubStep, Turn } from './turn.ts'

/** The bucket that sends it, and its number among that bucket's effects for the hub, from 1 on. */
export interface EffectSource {
  readonly bucket: number
  readonly n: number
}

/**
 * Applies a certified effect of a bucket. It is never refused for what it says: what the hub cannot do it answers in writing,
 * and what concerns a need that is over, or that another bucket runs, changes nothing but the count. Refused, with CONFLICT, is only
 * a number that is not the next one of that bucket: so nothing is done twice. Source: lifecycle.md, "Effects between hub and buckets".
 */
export function receiveAtHub(
  view: View<HubTables>,
  effect: ToHub,
  _item: Uint8Array,
  from: EffectSource,
  at: AppliedAt,
  world: World,
): HubStep {
  const turn = new Turn(view, `effect ${from.bucket}/${from.n}`, at, world)
  const key = String(from.bucket)
  const last = view.get('inbox', key) ?? 0
  if (from.n !== last + 1) return finish(turn, reject('CONFLICT', `the last effect of it was ${last}`))
  turn.draft.put('inbox', key, from.n)
  const { now } = turn
  const id = envelopeIdOf(effect.need)
  const need = turn.need(id)
  if (now !== undefined && need !== undefined && need.bucket === from.bucket) {
    applyEffect(turn, id, need, effect, now)
  }
  return finish(turn, ok(undefined))
}

function applyEffect(turn: Turn, id: string, need: Need, effect: ToHub, now: SlotFacts): void {
  switch (effect.kind) {
    case 'reserve':
      return applyReserve(turn, id, need, effect, now)
    case 'end':
      return applyEnd(turn, id, need, effect, now)
    case 'draw':
      return applyDraw(turn, id, need, effect)
    case 'slash':
      return applySlash(turn, id, need, effect, now)
    case 'unlock':
      return applyUnlock(turn, id, need, effect, now)
    case 'bond':
      return applyBond(turn, id, need, effect, now)
    case 'challenge-end':
      return applyChallengeEnd(turn, id, need, effect)
    case 'refill':
      return applyRefill(turn, id, need, effect, now)
    default:
      return effect satisfies never
  }
}
