/** What the node tells of as it happens: the kinds of events, and where they come from. */
import * as z from 'zod'
import { count, did, envelopeId, timeMs } from './fields.ts'
import { briefOf, type NeedBrief, needBrief } from './need-view.ts'
import type { NodeServices } from './services.ts'

/** Data of each kind of event, in JSON. */
export const EVENTS = {
  slot: z.strictObject({ n: count, time: timeMs }).describe('a slot was made'),
  need: needBrief.describe('a need stands otherwise than before'),
  peer: z
    .strictObject({ did, connected: z.boolean() })
    .describe('the first connection of a peer, or the end of the last'),
  verdict: z
    .strictObject({
      envelope: envelopeId,
      verdict: z.enum(['applied', 'rejected']),
      code: z.string().nullable(),
    })
    .describe('the hub decided about an envelope'),
  agent: z
    .strictObject({ agent: z.string(), at: timeMs, need: z.string().nullable(), text: z.string() })
    .describe('an attached agent did or said something'),
  log: z
    .looseObject({ time: timeMs, level: z.number(), msg: z.string() })
    .describe("a line of the node's log"),
} as const satisfies Readonly<Record<string, z.ZodObject>>

export type EventKind = keyof typeof EVENTS

/** Kinds of the stream of events; the log has a stream of its own, so that it drives nothing else out of memory. */
export const STREAMED_KINDS = [
  'slot',
  'need',
  'peer',
  'verdict',
  'agent',
] as const satisfies readonly EventKind[]

export type NodeEvent = {
  [Kind in EventKind]: { readonly kind: Kind; readonly data: z.input<(typeof EVENTS)[Kind]> }
}[EventKind]

/** Tells `emit` of everything, until the returned function is called. `emit` must not throw. */
export function tellEvents(services: NodeServices, emit: (event: NodeEvent) => void): () => void {
  const { heart, mesh, agents, logs, posted } = services
  const tellNeed = tellNeeds(services, emit)
  let isOver = false
  mesh.onPeer((peer, connected) => {
    if (!isOver) emit({ kind: 'peer', data: { did: peer, connected } })
  })
  const stops = [
    heart.onSlot((n) => emit({ kind: 'slot', data: { n, time: heart.slot().timeMs } })),
    heart.onNeed(tellNeed),
    posted.onRefused(tellNeed),
    heart.onHubVerdict(({ id, verdict }) => {
      const code = verdict.kind === 'rejected' ? verdict.code : null
      emit({ kind: 'verdict', data: { envelope: id, verdict: verdict.kind, code } })
    }),
    agents.onLog(({ agent, atMs, need, text }) =>
      emit({ kind: 'agent', data: { agent, at: atMs, need: need ?? null, text } }),
    ),
    logs.onLine((line) => emit({ kind: 'log', data: { ...line } })),
  ]
  return () => {
    isOver = true
    for (const stop of stops) stop()
  }
}

/** Needs whose last telling is remembered; beyond, one is told of again without need. */
const TOLD_MAX = 16_384

/** Only what a reader can see: entries that change nothing of what is told of it are passed over. */
function tellNeeds(services: NodeServices, emit: (event: NodeEvent) => void): (need: string) => void {
  const told = new Map<string, string>()
  return (need) => {
    const brief = briefOf(services, need)
    if (brief === undefined) return
    const face = faceOf(brief)
    if (told.get(need) === face) return
    told.delete(need)
    const [oldest] = told.keys()
    if (told.size >= TOLD_MAX && oldest !== undefined) told.delete(oldest)
    told.set(need, face)
    emit({ kind: 'need', data: brief })
  }
}

/** The window that is left runs by itself: it is no news. */
function faceOf({ challenge_window_left_ms: _left, ...brief }: NeedBrief): string {
  return JSON.stringify(brief)
}
