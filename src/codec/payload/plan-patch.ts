import * as z from 'zod'
import { chosenKey, count, idLink, list, name, text } from './fields.ts'

/** Operations of one patch. A payload has room for about twice as many small ones. */
const PATCH_OPS_MAX = 256

const taskId = chosenKey.describe('which task of the plan')

function operation<const Type extends string, Payload extends z.ZodType>(
  type: Type,
  about: string,
  payload: Payload,
) {
  return z
    .strictObject({
      op_id: chosenKey.describe('told apart within the patch, and of several edges the order'),
      op_type: z.literal(type),
      task_id: taskId,
      payload,
    })
    .describe(about)
}

const addTask = operation(
  'ADD_TASK',
  'a task, once',
  z.strictObject({
    label: text(1, 200).describe('for people'),
    task_type: name.exactOptional().describe('kind of task'),
    need_id: idLink.exactOptional().describe('the NEED that asks for it, once there is one'),
  }),
)

const requires = operation(
  'REQUIRES',
  'the task waits for another',
  z.strictObject({ requires: chosenKey.describe('task that must be finished first') }),
)

const produces = operation(
  'PRODUCES',
  'the task makes a named output',
  z.strictObject({ produces: name.describe('name of the output') }),
)

const state = operation(
  'STATE',
  'state of the task as its sender sees it; what is exclusive follows from records',
  z.strictObject({
    state: z.enum(['DRAFT', 'DECIDED', 'CLAIMED', 'VERIFIED', 'FINAL', 'CANCELLED', 'EXPIRED', 'SPLIT']),
  }),
)

const link = operation(
  'LINK',
  'a named edge between two tasks',
  z.strictObject({
    to: chosenKey.describe('the other task'),
    relation: name.describe('what the edge means'),
  }),
)

const annotate = operation(
  'ANNOTATE',
  'a remark: the last writer of a key wins',
  z.strictObject({ key: name, value: text(0, 4_096) }),
)

/** One operation of a plan. Source: plan-and-storage.md, "Plan documents". */
const planOperation = z.discriminatedUnion('op_type', [addTask, requires, produces, state, link, annotate])

/**
 * Operations that belong together. Thread, actor and carrying envelope are those of the envelope.
 * Source: plan-and-storage.md, "Plan documents" (PlanPatch).
 */
export const planPatch = z
  .strictObject({
    ops: list(planOperation, PATCH_OPS_MAX, 1).describe('in the order in which they were made'),
    base_lamport: count.describe('clock of the thread up to which the sender had seen the plan'),
  })
  .refine(({ ops }) => new Set(ops.map(({ op_id }) => op_id)).size === ops.length, {
    path: ['ops'],
    error: 'expected no op_id twice',
  })
  .describe('operations on the plan')

export type PlanPatch = z.output<typeof planPatch>

/** What a patch does, op by op. */
export type PlanOperation = PlanPatch['ops'][number]
