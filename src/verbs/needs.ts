import * as z from 'zod'
import { ok } from '../model/result.ts'
import { count, did, limit, needId } from './fields.ts'
import { briefOf, detailOf, type NeedBrief, needBrief, needDetail } from './need-view.ts'
import type { NodeServices } from './services.ts'
import { defineVerb, notFound } from './verb.ts'

/** Newest first, by the slot of their escrow. */
export const needs = defineVerb({
  name: 'needs',
  summary: 'Needs that this node knows of, newest first',
  input: z.strictObject({
    state: z.enum(['open', 'all']).default('open').describe('open: those that are not over'),
    requester: did.exactOptional(),
    capability: z.string().max(128).exactOptional(),
    limit,
  }),
  output: z.strictObject({ slot: count, needs: z.array(needBrief), more: z.boolean() }),
  rejects: [],
  handle: ({ state, requester, capability, limit: most }, services) => {
    const rows: NeedBrief[] = []
    for (const id of new Set([...services.posted.waiting().toReversed(), ...idsOf(services, state)])) {
      const brief = briefOf(services, id)
      if (brief === undefined) continue
      if (requester !== undefined && brief.requester !== requester) continue
      if (capability !== undefined && brief.capability !== capability) continue
      if (rows.length === most) return ok({ slot: services.heart.slot().n, needs: rows, more: true })
      rows.push(brief)
    }
    return ok({ slot: services.heart.slot().n, needs: rows, more: false })
  },
})

/** The hub's table has every need that is not over; `posted` every one that ever was. */
export function idsOf({ heart }: Pick<NodeServices, 'heart'>, state: 'open' | 'all'): readonly string[] {
  const hub = heart.hub()
  const slotOf = (id: string): number => hub.get('needs', id)?.slot ?? 0
  const open = hub.keys('needs').toSorted((a, b) => slotOf(b) - slotOf(a))
  if (state === 'open') return open
  const over = hub
    .keys('posted')
    .flatMap((thread) => hub.get('posted', thread) ?? [])
    .filter(({ outcome }) => outcome !== undefined)
    .toSorted((a, b) => (b.slot ?? 0) - (a.slot ?? 0))
  return [...open, ...over.map(({ need }) => need)]
}

export const needShow = defineVerb({
  name: 'needShow',
  summary: 'How one need stands: bids, lease, committees, challenges',
  input: z.strictObject({ need: needId }),
  output: needDetail,
  rejects: ['not-found'],
  handle: ({ need }, services) => {
    const detail = detailOf(services, need)
    return detail === undefined ? notFound(`no need ${need} is known here`, 'need') : ok(detail)
  },
})
