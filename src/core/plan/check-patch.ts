import type { PlanPatch } from '../../codec/payload/plan-patch.ts'
import type { Lamport } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { type Edge, edgeOf } from './edge-set.ts'
import { compareOps, opsOf, type PlanOp, type Stamp } from './operation.ts'
import type { PlanView } from './plan-view.ts'
import { describes, type TaskText } from './task-table.ts'

/**
 * Whether a patch does what its sender means, on the plan as it stands: a patch that would be refused here still merges,
 * in part without effect. Rejects BAD_LAMPORT for a base after `clock` (the thread's), CONFLICT for a task that exists
 * otherwise already, for one that neither plan nor patch adds, and for an edge that closes a cycle; `field` is the
 * operation. Source: plan-and-storage.md, "Plan documents" (Patches).
 */
export function checkPatch(
  plan: PlanView,
  patch: PlanPatch,
  stamp: Stamp,
  clock: Lamport,
): Result<undefined, Rejection> {
  if (patch.base_lamport > clock) {
    return reject(
      'BAD_LAMPORT',
      `base ${patch.base_lamport}, where the thread is at ${clock}`,
      'base_lamport',
    )
  }
  const ops = opsOf(patch, stamp)
  const added = new Set(ops.flatMap(({ op }) => (op.op_type === 'ADD_TASK' ? [op.task_id] : [])))
  const isThere = (task: string): boolean => plan.has(task) || added.has(task)
  for (const [at, { op }] of ops.entries()) {
    if (op.op_type === 'ADD_TASK' && isOther(plan, op.task_id, op.payload)) {
      return reject('CONFLICT', `task ${op.task_id} is another one already`, `ops[${at}]`)
    }
    const edge = edgeOf(ops[at] as PlanOp)
    const missing = [op.task_id, edge?.to ?? op.task_id].find((task) => !isThere(task))
    if (missing !== undefined) return reject('CONFLICT', `there is no task ${missing}`, `ops[${at}]`)
  }
  return checkEdges(plan, ops)
}

/** The patch's edges, in the order of its operations, upon all that count already. */
function checkEdges(plan: PlanView, ops: readonly PlanOp[]): Result<undefined, Rejection> {
  const graph = new Graph(plan.edges())
  for (const op of ops.toSorted(compareOps)) {
    const edge = edgeOf(op)
    if (edge === undefined) continue
    if (graph.reaches(edge.to, edge.from)) {
      return reject('CONFLICT', `${edge.from} to ${edge.to} closes a cycle`, `ops[${ops.indexOf(op)}]`)
    }
    graph.add(edge)
  }
  return ok(undefined)
}

/** Edges without an order of their own. */
class Graph {
  readonly #next = new Map<string, string[]>()

  constructor(edges: readonly Edge[]) {
    for (const edge of edges) this.add(edge)
  }

  add({ from, to }: Edge): void {
    const next = this.#next.get(from)
    if (next === undefined) this.#next.set(from, [to])
    else next.push(to)
  }

  reaches(start: string, goal: string): boolean {
    const seen = new Set([start])
    for (const task of seen) for (const next of this.#next.get(task) ?? []) seen.add(next)
    return seen.has(goal)
  }
}

function isOther(plan: PlanView, task: string, text: TaskText): boolean {
  const known = plan.text(task)
  return known !== undefined && !describes(known, text)
}
