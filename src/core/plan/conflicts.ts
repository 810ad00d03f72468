import { type Edge, EdgeSet, edgeOf } from './edge-set.ts'
import { compareOps, opKey, type PlanOp } from './operation.ts'
import type { PlanView } from './plan-view.ts'
import { describes } from './task-table.ts'

/** Two operations that cannot both have their effect. */
export interface Conflict {
  readonly kind: 'task' | 'state' | 'annotation' | 'cycle'
  readonly task: string
  /** The operation that has its effect. */
  readonly stands: PlanOp
  /** The one that has none because of it, or not alone (a cycle may need more than two). */
  readonly yields: PlanOp
}

/**
 * Where two concurrent patches want different things, by the operations of the first; nothing where they only say the
 * same. Source: plan-and-storage.md, "Plan documents" (Patches: conflict detection).
 */
export function conflictsBetween(
  plan: PlanView,
  a: readonly PlanOp[],
  b: readonly PlanOp[],
): readonly Conflict[] {
  const pairs = a.flatMap((one) => b.flatMap((other) => conflictOf(one, other) ?? []))
  return [...pairs, ...cycleConflicts(plan, a, b)]
}

function conflictOf(one: PlanOp, other: PlanOp): Conflict | undefined {
  const kind = one.op.task_id === other.op.task_id ? differ(one, other) : undefined
  if (kind === undefined) return undefined
  const [first, last] = compareOps(one, other) < 0 ? [one, other] : [other, one]
  const task = one.op.task_id
  return kind === 'task'
    ? { kind, task, stands: first, yields: last }
    : { kind, task, stands: last, yields: first }
}

function differ({ op: a }: PlanOp, { op: b }: PlanOp): Conflict['kind'] | undefined {
  if (a.op_type === 'ADD_TASK' && b.op_type === 'ADD_TASK') {
    return describes(a.payload, b.payload) ? undefined : 'task'
  }
  if (a.op_type === 'STATE' && b.op_type === 'STATE') {
    return a.payload.state === b.payload.state ? undefined : 'state'
  }
  if (a.op_type === 'ANNOTATE' && b.op_type === 'ANNOTATE' && a.payload.key === b.payload.key) {
    return a.payload.value === b.payload.value ? undefined : 'annotation'
  }
  return undefined
}

/** Edges that count with either patch alone, and not with both. */
function cycleConflicts(plan: PlanView, a: readonly PlanOp[], b: readonly PlanOp[]): readonly Conflict[] {
  const alone = [...withOps(plan, a).leftOut, ...withOps(plan, b).leftOut]
  const known = new Set(alone.map((edge) => opKey(edge.by)))
  const inA = new Set(a.map(opKey))
  const graph = withOps(plan, [...a, ...b])
  return graph.leftOut
    .filter((edge) => !known.has(opKey(edge.by)))
    .map((edge) => {
      const others = inA.has(opKey(edge.by)) ? b : a
      return {
        kind: 'cycle',
        task: edge.from,
        stands: lastOn(graph, edge, others) ?? edge.by,
        yields: edge.by,
      }
    })
}

/** The last operation of the other patch on the way that the edge would close. */
function lastOn(graph: EdgeSet, edge: Edge, others: readonly PlanOp[]): PlanOp | undefined {
  const way = new Set(graph.pathBefore(edge))
  return others.toSorted(compareOps).findLast((op) => {
    const other = edgeOf(op)
    return other !== undefined && way.has(other.from) && way.has(other.to)
  })
}

/** Edges of the plan and of operations upon it. */
export function withOps(plan: PlanView, ops: readonly PlanOp[]): EdgeSet {
  const graph = new EdgeSet()
  for (const op of [...plan.ops, ...ops]) {
    const edge = edgeOf(op)
    if (edge !== undefined) graph.add(edge)
  }
  return graph
}
