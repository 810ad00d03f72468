import type { Clock } from '../ports/clock.ts'
import type { NodeEvent } from '../verbs/events.ts'
import { type EventFilter, type EventRing, isWanted } from './event-ring.ts'

export interface EventStreamOptions {
  readonly ring: EventRing
  /** Names this run of the node: an id of an earlier run resumes nothing. */
  readonly epoch: string
  /** What the reader had last (`Last-Event-ID`); undefined: from now on. */
  readonly lastId: string | undefined
  readonly filter: EventFilter
  /** Told first where nothing is resumed: how that which is followed stands now. */
  readonly first: readonly NodeEvent[]
  readonly clock: Pick<Clock, 'after'>
  /** Aborted when the node stops: the stream ends. */
  readonly stop: AbortSignal
}

const ALIVE_MS = 15_000
const BATCH_MAX = 256

/**
 * Server-sent events, made as the reader takes them. It begins with `hello`, whose id can be resumed from; `gap` tells how
 * many events are lost to the reader (-1: the node was started anew); a comment comes when nothing happens for 15 s.
 * Source: WHATWG HTML, "Server-sent events"; operations.md, "Local API".
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { ring, stop } = options
  const encoder = new TextEncoder()
  let cursor = ring.last
  let cancelWait: () => void = () => undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const begun = begin(options)
        cursor = begun.cursor
        controller.enqueue(encoder.encode(begun.text))
      },
      pull: async (controller) => {
        for (;;) {
          if (stop.aborted) return controller.close()
          const { text, next } = textAfter(options, cursor)
          cursor = next
          if (text !== '') return controller.enqueue(encoder.encode(text))
          const isAlive = await nextEvent(options, (cancel) => (cancelWait = cancel))
          if (!isAlive) return controller.enqueue(encoder.encode(':\n\n'))
        }
      },
      cancel: () => cancelWait(),
    },
    { highWaterMark: 1 },
  )
}

function begin({ ring, epoch, lastId, first, filter }: EventStreamOptions): { cursor: number; text: string } {
  const resumed = placeOf(lastId, epoch, ring.last)
  const cursor = resumed ?? ring.last
  const hello = block('hello', { epoch, last: ring.last }, `${epoch}-${cursor}`)
  const isNew = lastId !== undefined && resumed === undefined
  const gap = isNew ? block('gap', { lost: -1 }, `${epoch}-${cursor}`) : ''
  const told = resumed === undefined ? first.filter((event) => isWanted(event, filter)) : []
  const text = told.map(({ kind, data }) => block(kind, data, `${epoch}-${cursor}`)).join('')
  return { cursor, text: `retry: 1000\n\n${hello}${gap}${text}` }
}

/** The number of an id of this run; undefined for any other. */
function placeOf(lastId: string | undefined, epoch: string, last: number): number | undefined {
  const digits = lastId?.startsWith(`${epoch}-`) === true ? lastId.slice(epoch.length + 1) : ''
  if (!/^\d{1,15}$/u.test(digits)) return undefined
  const n = Number(digits)
  return n <= last ? n : undefined
}

function textAfter(
  { ring, epoch, filter }: EventStreamOptions,
  cursor: number,
): { text: string; next: number } {
  const { lost, events } = ring.after(cursor, BATCH_MAX)
  const next = events.at(-1)?.n ?? cursor
  const gap = lost === 0 ? '' : block('gap', { lost }, `${epoch}-${cursor + lost}`)
  const wanted = events.filter(({ event }) => isWanted(event, filter))
  return {
    text: gap + wanted.map(({ n, event }) => block(event.kind, event.data, `${epoch}-${n}`)).join(''),
    next,
  }
}

function block(event: string, data: object, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** True at the next event, or when the node stops; false when a comment is due, or the reader is gone. */
function nextEvent(
  { ring, clock, stop }: EventStreamOptions,
  onWait: (cancel: () => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancelTimer = clock.after(ALIVE_MS, () => end(false))
    const cancelWake = ring.onNext(() => end(true))
    const onStop = (): void => end(true)
    stop.addEventListener('abort', onStop)
    function end(isAlive: boolean): void {
      cancelTimer()
      cancelWake()
      stop.removeEventListener('abort', onStop)
      resolve(isAlive)
    }
    onWait(() => end(false))
  })
}
