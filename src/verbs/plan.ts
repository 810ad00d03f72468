import * as z from 'zod'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import type { PlanPatch } from '../codec/payload/plan-patch.ts'
import { opsOf, type PlanOp } from '../core/plan/operation.ts'
import type { PlanView } from '../core/plan/plan-view.ts'
import { foldPlan, planRoot } from '../core/plan/versions.ts'
import type { ThreadId } from '../model/ids.ts'
import { ok } from '../model/result.ts'
import { count, threadId } from './fields.ts'
import { briefOf, placeOf } from './need-view.ts'
import { idsOf } from './needs.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, notFound } from './verb.ts'

const task = z.strictObject({
  task: z.string(),
  label: z.string().nullable(),
  task_type: z.string().nullable(),
  state: z.string(),
  ready: z.boolean().describe('open for work, and all that it waits for is finished'),
  requires: z.array(z.string()).describe('tasks that it waits for'),
  produces: z.array(z.string()),
  notes: z.array(z.strictObject({ key: z.string(), value: z.string() })),
})

/**
 * A fold over what was said in the thread's open needs, and what changed its plan; of finished needs `export` has the
 * operations.
 */
export const plan = defineVerb({
  name: 'plan',
  summary: 'The plan of a thread: its tasks in an order in which they can be done',
  input: z.strictObject({ thread: threadId }),
  output: z.strictObject({
    thread: threadId,
    operations: count,
    root: z.string().describe('hex: Merkle root over its operations'),
    cycles: z
      .array(z.strictObject({ from: z.string(), to: z.string(), path: z.array(z.string()) }))
      .describe('edges that are left out, as they would close a cycle'),
    tasks: z.array(task),
  }),
  rejects: ['not-found'],
  handle: ({ thread }, services) => {
    const ids = needsOfThread(services, thread)
    const view = planOf(services, thread, ids)
    if (ids.length === 0 && view.ops.length === 0)
      return notFound(`nothing of thread ${thread} is known here`, 'thread')
    return ok({
      thread,
      operations: view.ops.length,
      root: planRoot(view, services.sha256).toHex(),
      cycles: view.cycles().map(({ edge, path }) => ({ from: edge.from, to: edge.to, path: [...path] })),
      tasks: tasksOf(view),
    })
  },
})

/** Needs of the thread that are known here. */
export function needsOfThread(services: NodeServices, thread: ThreadId): readonly string[] {
  return idsOf(services, 'all').filter((id) => briefOf(services, id)?.thread === thread)
}

/** What was said in its open needs, and what changed the plan since. */
export function planOf(services: NodeServices, thread: ThreadId, needs: readonly string[]): PlanView {
  const said = needs.flatMap((id) => [...services.heart.envelopes(id)])
  const view = foldPlan(thread, [...said, ...services.threads.envelopes(thread)].flatMap(patchOf))
  for (const id of needs) {
    const state = placeOf(services, id)?.need.state
    if (state !== undefined) view.setNeed(id, state)
  }
  return view
}

/** A PROPOSE or REVEAL_PLAN shows a plan, an UPDATE_PLAN changes it. */
function patchOf({ id, body }: SingleEnvelope): readonly PlanOp[] {
  const { thread, lamport, sender, payload } = body
  const patch =
    'patch' in payload
      ? payload.patch
      : 'plan' in payload && 'patch' in payload.plan
        ? payload.plan.patch
        : undefined
  return patch === undefined
    ? []
    : opsOf(patch as PlanPatch, { thread, lamport, actor: sender, envelope: id })
}

function tasksOf(view: PlanView): z.input<typeof task>[] {
  const ready = new Set(view.ready())
  const waits = view.edges().filter(({ kind }) => kind === 'REQUIRES')
  return view.topologicalOrder().map((id) => ({
    task: id,
    label: view.text(id)?.label ?? null,
    task_type: view.text(id)?.task_type ?? null,
    state: view.state(id),
    ready: ready.has(id),
    requires: waits.filter(({ from }) => from === id).map(({ to }) => to),
    produces: [...view.produces(id)],
    notes: view.annotations(id).map(([key, value]) => ({ key, value })),
  }))
}
