import * as z from 'zod'
import { encodeDagJson } from '../codec/dag-json/encode.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import { ok } from '../model/result.ts'
import { count, did, envelopeId, limit, threadId, timeMs } from './fields.ts'
import { briefOf, type NeedBrief, needBrief } from './need-view.ts'
import { idsOf } from './needs.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, notFound } from './verb.ts'

export const threads = defineVerb({
  name: 'threads',
  summary: 'Threads that this node knows of, with their needs, newest first',
  input: z.strictObject({
    state: z.enum(['open', 'all']).default('all').describe('open: those with a need that is not over'),
    limit,
  }),
  output: z.strictObject({
    threads: z.array(
      z.strictObject({
        thread: threadId,
        needs: count,
        open: count,
        last: needBrief.describe('its newest need'),
      }),
    ),
    more: z.boolean(),
  }),
  rejects: [],
  handle: ({ state, limit: most }, services) => {
    const byThread = groupByThread(services, state, most + 1)
    const rows = [...byThread].map(([thread, all]) => ({
      thread,
      needs: all.length,
      open: all.filter(({ over }) => !over).length,
      last: all[0] as NeedBrief,
    }))
    return ok({ threads: rows.slice(0, most), more: rows.length > most })
  },
})

function groupByThread(services: NodeServices, state: 'open' | 'all', most: number) {
  const byThread = new Map<NonNullable<NeedBrief['thread']>, NeedBrief[]>()
  for (const id of idsOf(services, state)) {
    const brief = briefOf(services, id)
    if (brief === undefined || brief.thread === null) continue
    const known = byThread.get(brief.thread)
    if (known !== undefined) known.push(brief)
    else if (byThread.size < most) byThread.set(brief.thread, [brief])
  }
  return byThread
}

const envelope = z.strictObject({
  id: envelopeId,
  kind: z.string(),
  sender: did,
  lamport: count,
  seq: count,
  sent_at: timeMs.describe("by the sender's clock"),
  prev: z.array(envelopeId),
  payload: z.json().describe('dag-json'),
})

/** Of needs that are over only their end is held: `export` has all that was said. */
export const threadShow = defineVerb({
  name: 'threadShow',
  summary: 'The needs of a thread, and what was said in those that are open, in the order of its clock',
  input: z.strictObject({ thread: threadId, limit }),
  output: z.strictObject({
    thread: threadId,
    needs: z.array(needBrief),
    envelopes: z.array(envelope),
    more: z.boolean(),
  }),
  rejects: ['not-found'],
  handle: ({ thread, limit: most }, services) => {
    const all = idsOf(services, 'all').flatMap((id) => briefOf(services, id) ?? [])
    const needs = all.filter((brief) => brief.thread === thread)
    if (needs.length === 0) return notFound(`nothing of thread ${thread} is known here`, 'thread')
    const said = needs.flatMap(({ need }) => saidIn(services, need)).toSorted(byClock)
    return ok({ thread, needs, envelopes: said.slice(0, most).map(shown), more: said.length > most })
  },
})

function saidIn({ heart }: Pick<NodeServices, 'heart'>, need: string): readonly SingleEnvelope[] {
  const posted = heart.needEnvelope(need)
  const said = [...heart.envelopes(need)]
  return posted === undefined || said.some(({ id }) => id === posted.id) ? said : [posted, ...said]
}

function byClock(a: SingleEnvelope, b: SingleEnvelope): number {
  return a.body.lamport - b.body.lamport || (a.id < b.id ? -1 : 1)
}

function shown({ id, body }: SingleEnvelope): z.input<typeof envelope> {
  return {
    id,
    kind: body.kind,
    sender: body.sender,
    lamport: body.lamport,
    seq: body.seq,
    sent_at: body.ts,
    prev: body.prev.map((cid) => cid.toString() as z.input<typeof envelopeId>),
    payload: JSON.parse(encodeDagJson(body.payload)) as z.input<typeof envelope>['payload'],
  }
}
