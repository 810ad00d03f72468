import {
  type Bucket,
  type BudgetLimits,
  type BudgetView,
  type BudgetWrite,
  SECOND_OPINION_BUDGET,
  stepBudget,
} from '../../core/intake/second-opinion-budget.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpendChecks } from '../../ports/second-opinion.ts'

/** The driver of the budget: owns the buckets, reads the clock. Rule: `stepBudget`. */
export function secondOpinionBudget(
  clock: Pick<Clock, 'monotonicMs'>,
  limits: BudgetLimits = SECOND_OPINION_BUDGET,
): SpendChecks {
  const peers = new Map<string, Bucket>()
  let all: Bucket | undefined

  const view: BudgetView = {
    get all() {
      return all
    },
    get peerCount() {
      return peers.size
    },
    peer: (peer) => peers.get(peer),
    // Writing puts a peer last, so the first is the one that was idle longest.
    longestIdle: () => peers.keys().next().value,
  }

  function apply(write: BudgetWrite): void {
    switch (write.kind) {
      case 'all':
        all = write.bucket
        return
      case 'forget':
        peers.delete(write.peer)
        return
      case 'peer':
        peers.delete(write.peer)
        peers.set(write.peer, write.bucket)
        return
      default:
        write satisfies never
    }
  }

  return (peer, checks) => {
    const step = stepBudget(view, { peer, checks, atMs: clock.monotonicMs() }, limits)
    for (const write of step.writes) apply(write)
    return step.granted
  }
}
