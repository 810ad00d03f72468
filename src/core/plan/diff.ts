import type { PlanState } from './need-state.ts'
import type { PlanView } from './plan-view.ts'

/** What one plan has that another has not; texts ascending in every list. */
export interface PlanDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly states: readonly { readonly task: string; readonly from: PlanState; readonly to: PlanState }[]
  /** Tasks whose label, type, need, outputs or annotations differ. */
  readonly changed: readonly string[]
  /** As `task REQUIRES task`, `task LINK:relation task`. */
  readonly edgesAdded: readonly string[]
  readonly edgesRemoved: readonly string[]
}

/** From plan `a` to plan `b`. Source: plan-and-storage.md, "Plan documents" (Versions). */
export function diffPlans(a: PlanView, b: PlanView): PlanDiff {
  const before = a.tasks()
  const after = b.tasks()
  const both = after.filter((task) => a.has(task))
  const edgesBefore = edgeTexts(a)
  const edgesAfter = edgeTexts(b)
  return {
    added: after.filter((task) => !a.has(task)),
    removed: before.filter((task) => !b.has(task)),
    states: both
      .map((task) => ({ task, from: a.state(task), to: b.state(task) }))
      .filter(({ from, to }) => from !== to),
    changed: both.filter((task) => textOf(a, task) !== textOf(b, task)),
    edgesAdded: missingFrom(edgesBefore, edgesAfter),
    edgesRemoved: missingFrom(edgesAfter, edgesBefore),
  }
}

function edgeTexts(plan: PlanView): ReadonlySet<string> {
  return new Set(
    plan.edges().map(({ kind, from, to, relation }) => {
      return kind === 'LINK' ? `${from} LINK:${relation} ${to}` : `${from} REQUIRES ${to}`
    }),
  )
}

function missingFrom(known: ReadonlySet<string>, texts: ReadonlySet<string>): readonly string[] {
  return [...texts].filter((text) => !known.has(text)).sort()
}

function textOf(plan: PlanView, task: string): string {
  const text = plan.text(task)
  return JSON.stringify([
    text?.label,
    text?.task_type,
    text?.need_id?.toString(),
    plan.produces(task),
    plan.annotations(task),
  ])
}
