import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { refreshAgent } from './agents.ts'
import type { HubStep, Turn } from './turn.ts'

/** The step, made of what `result` says: a refusal writes nothing and asks for nothing. */
export function finish(turn: Turn, result: Result<unknown, Rejection>): HubStep {
  if (!result.ok) return refusal(result.error)
  settle(turn)
  return {
    writes: turn.draft.writes(),
    verdict: { kind: 'applied', result: new Uint8Array() },
    ...turn.outcome,
    audit: turn.book.rows,
  }
}

/** What follows from everything else: agents' leaves, the number of the active, the ledger's sums. */
export function settle(turn: Turn): void {
  refresh(turn)
  turn.book.finish(turn.world.sha256)
}

/** Makes the leaves of all agents that have changed. */
export function refresh(turn: Turn): void {
  const { reseated } = turn.book
  const isReseated = reseated.size > 0
  reseated.clear()
  for (const did of turn.takeChanged()) refreshAgent(turn, did)
  if (isReseated && !turn.network.isRosterDirty) turn.patchNetwork({ isRosterDirty: true })
}

/** A step that changes nothing. */
function refusal({ code, message }: Rejection): HubStep {
  return { writes: [], verdict: { kind: 'rejected', code, message }, effects: [], audit: [] }
}
