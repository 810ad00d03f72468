import type { IncomingMessage } from 'node:http'
import type * as z from 'zod'
import { err, ok, type Result } from '../model/result.ts'
import type { ApiVerbs } from '../verbs/all.ts'
import type { NodeEvent } from '../verbs/events.ts'
import { ROUTES, type Route, timeoutOf, type VerbName } from '../verbs/routes.ts'
import { readEvents } from './event-reader.ts'
import { type ApiPlace, type ApiRequest, ask, LostNodeError, piecesOf, readBody } from './http.ts'

export type InputOf<Name extends VerbName> = z.input<ApiVerbs[Name]['input']>
export type OutputOf<Name extends VerbName> = z.output<ApiVerbs[Name]['output']>

/** Why the node did not do what was asked. `code`: a rejection in CAPITALS, else a fault or one of the API's own. */
export interface ApiProblem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly field?: string
  readonly first?: string
}

/** What a stream of events gives: those of the node; where it begins; how many were lost (-1: nobody knows). */
export type ApiEvent =
  | (NodeEvent & { readonly id: string })
  | {
      readonly kind: 'hello'
      readonly id: string
      readonly data: { readonly epoch: string; readonly last: number }
    }
  | { readonly kind: 'gap'; readonly id: string; readonly data: { readonly lost: number } }

export interface EventsWish {
  readonly need?: string
  readonly thread?: string
  readonly kinds?: readonly NodeEvent['kind'][]
  /** Id of the event after which to go on. */
  readonly lastId?: string
}

export interface ExportedThread {
  /** Of the whole file. */
  readonly bytes: number
  readonly isFinished: boolean
  readonly needs: number
  readonly items: number
  readonly missing: number
  readonly pieces: AsyncIterable<Uint8Array>
}

type Answer<Value> = Promise<Result<Value, ApiProblem>>

const RECONNECT_MS = 500

/**
 * A node's API, typed by the verbs. What the node refuses is a value; `NoNodeError` is thrown where nobody answers, and
 * `LostNodeError` where the connection ends too soon (outcome unknown). Runs on Node alone, and needs nothing else.
 */
export class ApiClient {
  readonly #place: ApiPlace

  constructor(place: ApiPlace) {
    this.#place = place
  }

  async call<Name extends VerbName>(
    name: Name,
    input: InputOf<Name>,
    signal?: AbortSignal,
  ): Answer<OutputOf<Name>> {
    const answer = await ask(this.#place, requestOf(ROUTES[name], input, signal))
    return (await jsonOf(answer)) as Result<OutputOf<Name>, ApiProblem>
  }

  /** Content by its CID, which the node has checked. */
  async artifact(cid: string, signal?: AbortSignal): Answer<Uint8Array> {
    const answer = await this.#get(`/artifacts/${encodeURIComponent(cid)}`, signal)
    return answer.statusCode === 200 ? ok(await readBody(answer)) : await problemOf(answer)
  }

  /** What a need's worker delivered. */
  async needArtifact(need: string, signal?: AbortSignal): Answer<Uint8Array> {
    const answer = await this.#get(`/v1/needs/${encodeURIComponent(need)}/artifact`, signal)
    return answer.statusCode === 200 ? ok(await readBody(answer)) : await problemOf(answer)
  }

  /** Keeps content, under a pin of that owner if one is named. */
  async putContent(
    body: Uint8Array,
    pin?: string,
    signal?: AbortSignal,
  ): Answer<{ readonly cid: string; readonly size: number }> {
    const path = `/v1/content${pin === undefined ? '' : `?pin=${encodeURIComponent(pin)}`}`
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = await ask(this.#place, { method: 'PUT', path, headers, body, signal })
    return (await jsonOf(answer)) as Result<{ readonly cid: string; readonly size: number }, ApiProblem>
  }

  /** Writes a thread's record; its pieces must be read to the end. */
  async exportThread(
    thread: string,
    { form, content }: { readonly form: 'car' | 'jsonl'; readonly content: 'inline' | 'linked' },
    signal?: AbortSignal,
  ): Answer<ExportedThread> {
    const path = `/v1/threads/${encodeURIComponent(thread)}/export?form=${form}&content=${content}`
    const answer = await ask(this.#place, { method: 'GET', path, signal, silenceMs: 0 })
    if (answer.statusCode !== 200) return await problemOf(answer)
    const told = JSON.parse(String(answer.headers['canswarm-export'])) as Record<string, unknown>
    return ok({
      bytes: Number(answer.headers['content-length']),
      isFinished: told['finished'] === true,
      needs: Number(told['needs']),
      items: Number(told['items']),
      missing: Number(told['missing']),
      pieces: piecesOf(answer),
    })
  }

  /**
   * Events as they happen, until the signal aborts (then it ends). A connection that is lost is made anew and goes on after the
   * last event that came; what is lost meanwhile is a `gap`. Throws `NoNodeError` where nobody answers any more, and what
   * the node refuses as an `Error` with its code.
   */
  async *events(wish: EventsWish, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    yield* this.#stream(
      `/v1/events?${queryOf({ need: wish.need, thread: wish.thread, kinds: wish.kinds })}`,
      wish.lastId,
      signal,
    )
  }

  /** Lines of the node's log, as `events`. */
  async *logLines(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    yield* this.#stream('/v1/logs/follow', lastId, signal)
  }

  async *#stream(path: string, lastId: string | undefined, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    let last = lastId
    while (!signal.aborted) {
      try {
        for await (const event of this.#once(path, last, signal)) {
          last = event.id
          yield event
        }
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof LostNodeError)) throw error
      }
      await pause(RECONNECT_MS, signal)
    }
  }

  async *#once(path: string, lastId: string | undefined, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) }
    const answer = await ask(this.#place, { method: 'GET', path, headers, signal })
    if (answer.statusCode !== 200) {
      const refused = await problemOf(answer)
      throw new ApiProblemError(refused.error)
    }
    for await (const { id = '', event, data } of readEvents(piecesOf(answer))) {
      yield { kind: event, id, data: JSON.parse(data) } as ApiEvent
    }
  }

  #get(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return ask(this.#place, { method: 'GET', path, signal })
  }
}

/** A refusal where only a throw can tell of it: in a stream. */
export class ApiProblemError extends Error {
  override readonly name = 'ApiProblemError'
  readonly problem: ApiProblem

  constructor(problem: ApiProblem) {
    super(problem.message)
    this.problem = problem
  }
}

type Input = Readonly<Record<string, unknown>>

/** Names of the path go there, the rest into the query or the body. */
/** The node says itself when it is too late: only then is its silence that of a node that is gone. */
const GRACE_MS = 30_000

function requestOf(route: Route, input: Input, signal: AbortSignal | undefined): ApiRequest {
  const { method, path } = route
  const silenceMs = timeoutOf(route) + GRACE_MS
  const rest = { ...input }
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => {
    const { [name]: value } = rest
    delete rest[name]
    return encodeURIComponent(String(value))
  })
  if (method !== 'POST') {
    const query = queryOf(rest)
    return { method, path: query === '' ? filled : `${filled}?${query}`, signal, silenceMs }
  }
  const headers = { 'content-type': 'application/json' }
  const body = new TextEncoder().encode(JSON.stringify(rest))
  return { method, path: filled, headers, body, signal, silenceMs }
}

function queryOf(input: Input): string {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
}

async function jsonOf(answer: IncomingMessage): Promise<Result<unknown, ApiProblem>> {
  if (answer.statusCode !== 200) return await problemOf(answer)
  return ok(JSON.parse(Buffer.from(await readBody(answer)).toString('utf8')))
}

async function problemOf(
  answer: IncomingMessage,
): Promise<{ readonly ok: false; readonly error: ApiProblem }> {
  const status = answer.statusCode ?? 0
  const text = Buffer.from(await readBody(answer)).toString('utf8')
  try {
    return err({ ...(JSON.parse(text) as Omit<ApiProblem, 'status'>), status })
  } catch {
    // Something else than a node answers there, or a proxy before it.
    return err({ status, code: 'not-a-node', message: text.slice(0, 200) })
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
