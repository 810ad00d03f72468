import type { Parameters } from '../../../model/parameters.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Network } from '../tables.ts'
import type { Turn } from '../turn.ts'

/**
 * Bootstrap mode ends, for all nodes at this entry, and never begins again. Rejects as `judgeLeaving`. Source: consensus.md,
 * "Quorums".
 */
export function applyLeaveBootstrap(turn: Turn, _: unknown, now: SlotFacts): Result<undefined, Rejection> {
  const rejection = judgeLeaving(turn.network, turn.settings.parameters, now)
  if (rejection !== undefined) return { ok: false, error: rejection }
  turn.patchNetwork({ isBootstrap: false })
  return ok(undefined)
}

/**
 * What stands against the end of bootstrap mode now. CONFLICT when it has ended, WINDOW_CLOSED while there are not enough active
 * verifiers, or not for long enough without a break.
 */
export function judgeLeaving(
  { isBootstrap, active, enoughSince }: Network,
  { bootstrapVerifiers, bootstrapSettleMs }: Parameters,
  now: SlotFacts,
): Rejection | undefined {
  if (!isBootstrap) return reject('CONFLICT', 'bootstrap mode has ended').error
  if (active < bootstrapVerifiers || enoughSince === undefined) {
    return reject('WINDOW_CLOSED', `${active} active verifiers, where ${bootstrapVerifiers} end it`).error
  }
  const stayed = now.clock - enoughSince
  return stayed < bootstrapSettleMs
    ? reject('WINDOW_CLOSED', `for ${stayed} ms, where ${bootstrapSettleMs} end it`).error
    : undefined
}
