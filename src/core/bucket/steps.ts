import type { ToHub } from '../../codec/entry/effect.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Draft } from '../records/draft.ts'
import type { Step } from '../records/view.ts'
import type { NeedTurn } from './need-turn.ts'
import type { BucketTables } from './tables.ts'

/** Nothing changes, and the sender learns why. */
export function refused({ code, message, field }: Rejection): Step<BucketTables, ToHub> {
  const where = field === undefined ? '' : ` (${field})`
  return { writes: [], effects: [], verdict: { kind: 'rejected', code, message: `${message}${where}` } }
}

/** What the draft holds, and what the need asks of the hub. */
export function applied(
  draft: Draft<BucketTables>,
  result: Uint8Array,
  turn?: NeedTurn,
): Step<BucketTables, ToHub> {
  const effects = (turn?.effects ?? []).map((body) => ({ target: 'hub' as const, body }))
  const step = { writes: draft.writes(), effects, verdict: { kind: 'applied' as const, result } }
  return turn === undefined ? step : { ...step, subject: { name: turn.key, head: turn.nextHead } }
}
