import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'

/**
 * Bootstrap mode ends, for all nodes at this entry, and never begins again. Rejects CONFLICT when it has ended, WINDOW_CLOSED while there are not enough active
 * verifiers, or not for long enough without a break. Source: consensus.md, "Quorums".
 */
export function applyLeaveBootstrap(turn: Turn, _: unknown, now: SlotFacts): Result<undefined, Rejection> {
  const { network, settings } = turn
  const { bootstrapVerifiers, bootstrapSettleMs } = settings.parameters
  if (!network.isBootstrap) return reject('CONFLICT', 'bootstrap mode has ended')
  const { active, enoughSince } = network
  if (active < bootstrapVerifiers || enoughSince === undefined) {
    return reject('WINDOW_CLOSED', `${active} active verifiers, where ${bootstrapVerifiers} end it`)
  }
  const stayed = now.clock - enoughSince
  if (stayed < bootstrapSettleMs) {
    return reject('WINDOW_CLOSED', `for ${stayed} ms, where ${bootstrapSettleMs} end it`)
  }
  turn.patchNetwork({ isBootstrap: false })
  return ok(undefined)
}
