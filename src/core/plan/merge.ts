import { withOps } from './conflicts.ts'
import { compareOps, opKey, type PlanOp } from './operation.ts'
import type { PlanView } from './plan-view.ts'

/** Concurrent patches as one. */
export interface Merged {
  /** What has its effect, in the order of operations. */
  readonly ops: readonly PlanOp[]
  /** What has none: a task that is there, a state or annotation that another follows, an edge that closes a cycle. */
  readonly dropped: readonly PlanOp[]
}

/**
 * Concurrent patches merged by (lamport, actor) upon a plan: adding `ops` to it gives the same tasks, edges, states and
 * annotations as adding every operation. Source: plan-and-storage.md, "Plan documents" (Patches).
 */
export function mergePatches(plan: PlanView, patches: readonly (readonly PlanOp[])[]): Merged {
  const all = new Map(patches.flat().map((op) => [opKey(op), op]))
  const ops = [...all.values()].sort(compareOps)
  const leftOut = new Set(withOps(plan, ops).leftOut.map((edge) => opKey(edge.by)))
  const standing = standingOps([...plan.ops, ...ops])
  const hasEffect = (op: PlanOp): boolean => {
    const slot = slotOf(op)
    if (slot !== undefined) return standing.get(slot) === opKey(op)
    return !leftOut.has(opKey(op))
  }
  return { ops: ops.filter(hasEffect), dropped: ops.filter((op) => !hasEffect(op)) }
}

/** What two operations cannot both fill: a task's description, its state, one of its annotations. */
function slotOf({ op }: PlanOp): string | undefined {
  if (op.op_type === 'ADD_TASK' || op.op_type === 'STATE') return `${op.op_type} ${op.task_id}`
  return op.op_type === 'ANNOTATE' ? `${op.op_type} ${op.task_id} ${op.payload.key}` : undefined
}

/** Key of the operation that fills each slot: the first that adds a task, the last of all else. */
function standingOps(ops: readonly PlanOp[]): ReadonlyMap<string, string> {
  const standing = new Map<string, string>()
  for (const op of ops.toSorted(compareOps)) {
    const slot = slotOf(op)
    const isTaken = op.op.op_type === 'ADD_TASK' && slot !== undefined && standing.has(slot)
    if (slot !== undefined && !isTaken) standing.set(slot, opKey(op))
  }
  return standing
}
