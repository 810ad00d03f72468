/** What is no JSON: health for probes, artifacts, uploads, exports, streams of events. */
import type { Context, Hono } from 'hono'
import * as z from 'zod'
import { type CID, parseContentCid } from '../codec/cid.ts'
import { parseSchema } from '../codec/schema-check.ts'
import { FETCHED_CONTENT_BYTES_MAX } from '../ports/content-store.ts'
import { type EventKind, STREAMED_KINDS } from '../verbs/events.ts'
import { needId, threadId } from '../verbs/fields.ts'
import { inlineArtifact } from '../verbs/inline-artifact.ts'
import { briefOf } from '../verbs/need-view.ts'
import type { NodeServices, ThreadExport } from '../verbs/services.ts'
import { healthOf } from '../verbs/status.ts'
import { readBytes } from './body.ts'
import type { EventFilter, EventRing } from './event-ring.ts'
import { eventStream } from './event-stream.ts'
import { problem, problemOfError } from './problem.ts'
import { answerProblem, answerThrown, type VerbRouteDeps } from './verb-route.ts'

/** Content that may be put in one request. */
const UPLOAD_BYTES_MAX = FETCHED_CONTENT_BYTES_MAX

const FETCH_MS = 30_000
const STREAMS_MAX = 64

export interface RawRouteDeps extends VerbRouteDeps {
  readonly events: EventRing
  readonly log: EventRing
  readonly epoch: string
  readonly stop: AbortSignal
}

export function routeRaw(app: Hono, deps: RawRouteDeps): void {
  app.get('/healthz', (context) => {
    const health = healthOf(deps.services)
    return context.json(health, health.state === 'failing' ? 503 : 200)
  })
  app.get('/artifacts/:cid', (context) => guarded(context, deps, () => artifact(context, deps)))
  app.get('/v1/needs/:need/artifact', (context) => guarded(context, deps, () => needArtifact(context, deps)))
  app.put('/v1/content', (context) => guarded(context, deps, () => upload(context, deps)))
  app.get('/v1/threads/:thread/export', (context) => guarded(context, deps, () => exported(context, deps)))
  const streams = new Streams()
  app.get('/v1/events', (context) => events(context, deps, streams))
  app.get('/v1/logs/follow', (context) => follow(context, deps, deps.log, LOG_ALONE, streams))
}

async function guarded(
  context: Context,
  deps: VerbRouteDeps,
  run: () => Promise<Response>,
): Promise<Response> {
  try {
    return await run()
  } catch (thrown) {
    return answerThrown(context, thrown, context.req.path, deps)
  }
}

/** The store has checked it against its CID. Never run by a browser as a page of this origin. */
async function artifact(context: Context, { services }: RawRouteDeps): Promise<Response> {
  const cid = parseContentCid(context.req.param('cid') ?? '')
  if (!cid.ok) return answerProblem(context, problemOfError({ ...cid.error, field: 'cid' }))
  const bytes = await fetched(services, cid.value, context.req.raw.signal)
  return bytesAnswer(cid.value, bytes)
}

/** What a need's worker delivered; content that travelled in its COMMIT is kept from now on. */
async function needArtifact(context: Context, { services }: RawRouteDeps): Promise<Response> {
  const id = context.req.param('need') ?? ''
  const name = briefOf(services, id)?.artifact ?? undefined
  const cid = name === undefined ? undefined : parseContentCid(name)
  if (cid?.ok !== true)
    return answerProblem(context, problem('not-found', 'nothing was delivered for this need'))
  const inline = inlineArtifact(services, id, cid.value)
  if (inline !== undefined) await services.content.put(inline)
  const bytes = inline ?? (await fetched(services, cid.value, context.req.raw.signal))
  return bytesAnswer(cid.value, bytes)
}

function fetched(services: NodeServices, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
  return services.content.get(cid, { bytesMax: FETCHED_CONTENT_BYTES_MAX, timeoutMs: FETCH_MS, signal })
}

function bytesAnswer(cid: CID, bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'content-disposition': 'attachment',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${cid.toString()}"`,
    },
  })
}

async function upload(context: Context, { services }: RawRouteDeps): Promise<Response> {
  const bytes = await readBytes(context.req.raw, UPLOAD_BYTES_MAX)
  if (!bytes.ok) return answerProblem(context, problemOfError(bytes.error))
  const cid = await services.content.put(bytes.value)
  const pin = context.req.query('pin')
  if (pin !== undefined) await services.content.pin(cid, pin)
  return context.json({ cid: cid.toString(), size: bytes.value.length })
}

const exportInput = z.strictObject({
  thread: threadId,
  form: z.enum(['car', 'jsonl']).default('car'),
  content: z.enum(['inline', 'linked']).default('inline'),
})

async function exported(context: Context, { services }: RawRouteDeps): Promise<Response> {
  const request = parseSchema(exportInput, { ...context.req.query(), ...context.req.param() }, '')
  if (!request.ok) return answerProblem(context, problemOfError(request.error))
  const written = await services.record.exportThread(request.value)
  if (written === undefined) {
    return answerProblem(context, problem('not-found', `the logs know nothing of ${request.value.thread}`))
  }
  return new Response(ReadableStream.from(disposing(written)), {
    headers: {
      'content-type': request.value.form === 'car' ? 'application/vnd.ipld.car' : 'application/jsonl',
      'content-length': String(written.bytes),
      'canswarm-export': JSON.stringify({
        finished: written.isFinished,
        needs: written.needs,
        items: written.items,
        missing: written.missing.length,
      }),
    },
  })
}

async function* disposing(written: ThreadExport): AsyncGenerator<Uint8Array> {
  try {
    yield* written.pieces
  } finally {
    await written.dispose()
  }
}

const eventsInput = z.strictObject({
  need: needId.exactOptional(),
  thread: threadId.exactOptional(),
  kinds: z.array(z.enum(STREAMED_KINDS)).min(1).exactOptional(),
  since: z.string().max(64).exactOptional(),
})

const LOG_ALONE: EventFilter = { kinds: new Set<EventKind>(['log']) }

function events(context: Context, deps: RawRouteDeps, streams: Streams): Response {
  const { kinds, ...query } = context.req.query()
  const asked = parseSchema(
    eventsInput,
    { ...query, ...(kinds !== undefined && { kinds: kinds.split(',') }) },
    '',
  )
  if (!asked.ok) return answerProblem(context, problemOfError(asked.error))
  const { need, thread } = asked.value
  const filter: EventFilter = {
    kinds: new Set<EventKind>(asked.value.kinds ?? STREAMED_KINDS),
    ...(need !== undefined && { need }),
    ...(thread !== undefined && { thread }),
  }
  return follow(context, deps, deps.events, filter, streams)
}

function follow(
  context: Context,
  deps: RawRouteDeps,
  ring: EventRing,
  filter: EventFilter,
  streams: Streams,
): Response {
  if (streams.open >= STREAMS_MAX) {
    const message = `at most ${STREAMS_MAX} streams at once`
    return answerProblem(context, problemOfError({ code: 'RATE_LIMITED', message }))
  }
  const brief = filter.need === undefined ? undefined : briefOf(deps.services, filter.need)
  const lastId = context.req.header('last-event-id') ?? context.req.query('since')
  const stream = eventStream({
    ring,
    epoch: deps.epoch,
    lastId,
    filter,
    first: brief === undefined ? [] : [{ kind: 'need', data: brief }],
    clock: deps.services.clock,
    stop: deps.stop,
  })
  return new Response(streams.count(stream), {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  })
}

/** Streams that are open, counted: each holds a connection. */
class Streams {
  open = 0

  count(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    this.open += 1
    const reader = stream.getReader()
    let isOver = false
    const end = (): void => {
      if (!isOver) this.open -= 1
      isOver = true
    }
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          end()
          controller.close()
        },
        cancel: async (reason) => {
          end()
          await reader.cancel(reason)
        },
      },
      { highWaterMark: 0 },
    )
  }
}
