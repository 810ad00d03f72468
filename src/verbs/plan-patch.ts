import * as z from 'zod'
import type { PlanPatch } from '../codec/payload/plan-patch.ts'
import { reject } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import { linkOf } from './cancel.ts'
import { count, envelopeId, threadId } from './fields.ts'
import { needsOfThread, planOf } from './plan.ts'
import { defineVerb, notFound } from './verb.ts'

const OPS_MAX = 256

const operation = z.strictObject({
  op_id: z
    .string()
    .exactOptional()
    .describe('told apart within the patch; op-1 and so on where none is given'),
  op_type: z.enum(['ADD_TASK', 'REQUIRES', 'PRODUCES', 'STATE', 'LINK', 'ANNOTATE']),
  task_id: z.string().describe('which task of the plan'),
  payload: z
    .record(z.string(), z.string())
    .describe('as its type has it: label, requires, produces, state, to and relation, key and value'),
})

/** Says it in the thread, by the node's own account; peers hear of it by gossip, and by the sync of plans. */
export const planPatch = defineVerb({
  name: 'planPatch',
  summary: 'Change the plan of a thread that has an open need',
  input: z.strictObject({ thread: threadId, ops: z.array(operation).min(1).max(OPS_MAX) }),
  output: z.strictObject({ thread: threadId, envelope: envelopeId, operations: count }),
  rejects: ['not-found', 'INSUFFICIENT_FUNDS', 'POLICY_DENIED', 'CONFLICT'],
  handle: async ({ thread, ops }, services) => {
    const { heart, author } = services
    const ids = needsOfThread(services, thread)
    const open = ids.flatMap((id) => heart.needEnvelope(id) ?? [])
    if (open.length === 0) return notFound(`no open need of thread ${thread} is known here`, 'thread')
    if (heart.hub().get('accounts', heart.self) === undefined)
      return reject('INSUFFICIENT_FUNDS', 'peers hear only who has an account; a transfer makes one')
    // What is said in a thread comes after what is known of it.
    for (const envelope of open) author.saw(envelope)
    const seen = planOf(services, thread, ids)
    const patch = {
      ops: ops.map(({ op_id: id, op_type: type, task_id: task, payload }, n) => ({
        op_id: id ?? `op-${n + 1}`,
        op_type: type,
        task_id: task,
        payload: withLinks(payload),
      })),
      base_lamport: seen.ops.reduce((most, { lamport }) => Math.max(most, lamport), 0),
    }
    // What the operations are is judged as the payload is: `say` rejects what is none.
    const said = await author.say(thread, 'UPDATE_PLAN', { patch: patch as unknown as PlanPatch })
    return said.ok ? ok({ thread, envelope: said.value.id, operations: ops.length }) : said
  },
})

function withLinks(payload: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const { need_id: need, ...rest } = payload
  if (need === undefined) return rest
  return { ...rest, need_id: envelopeId.safeParse(need).success ? linkOf(need) : need }
}
