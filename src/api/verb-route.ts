import type { Context, Hono } from 'hono'
import { parseSchema } from '../codec/schema-check.ts'
import type { Rejection } from '../model/rejection.ts'
import { err, ok, type Result } from '../model/result.ts'
import { ROUTES, timeoutOf } from '../verbs/routes.ts'
import type { NodeServices } from '../verbs/services.ts'
import type { AnyVerb, Handled } from '../verbs/verb.ts'
import { readJson } from './body.ts'
import { type Problem, problemOfError, problemOfThrown } from './problem.ts'
import { queryReader } from './query.ts'

const BODY_BYTES_MAX = 1_048_576

export interface VerbRouteDeps {
  readonly services: NodeServices
  /** Something was thrown that is no fault of the outside. */
  readonly onDefect: (error: unknown, where: string) => void
}

/** Puts a verb at its place. */
export function routeVerb(app: Hono, verb: AnyVerb, deps: VerbRouteDeps): void {
  const { method, path } = ROUTES[verb.name]
  const fromQuery = queryReader(verb)
  app.on(method, path.replaceAll(/\{(\w+)\}/gu, ':$1'), async (context) => {
    const input = await inputOf(context, method, fromQuery)
    if (!input.ok) return answerProblem(context, problemOfError(input.error))
    const parsed = parseSchema(verb.input, input.value, '')
    if (!parsed.ok) return answerProblem(context, problemOfError(parsed.error))
    try {
      const handled = await inTime(verb, parsed.value, deps.services, context.req.raw.signal)
      return handled.ok
        ? context.json(handled.value as object)
        : answerProblem(context, problemOfError(handled.error))
    } catch (thrown) {
      return answerThrown(context, thrown, verb.name, deps)
    }
  })
}

export function answerProblem(context: Context, { status, body }: Problem): Response {
  return context.json(body, status as 400)
}

export function answerThrown(
  context: Context,
  thrown: unknown,
  where: string,
  { onDefect }: Pick<VerbRouteDeps, 'onDefect'>,
): Response {
  const problem = problemOfThrown(thrown)
  if (problem.body.code === 'defect') onDefect(thrown, where)
  return answerProblem(context, problem)
}

/** Names of the path beside those of the query or the body, which cannot say otherwise. */
async function inputOf(
  context: Context,
  method: string,
  fromQuery: ReturnType<typeof queryReader>,
): Promise<Result<unknown, Rejection>> {
  const named = context.req.param()
  if (method !== 'POST') return ok({ ...fromQuery(new URL(context.req.url).searchParams), ...named })
  const body = await readJson(context.req.raw, BODY_BYTES_MAX)
  if (!body.ok || Object.keys(named).length === 0) return body
  return ok({ ...(body.value as object), ...named })
}

/** Out of time: the handler is told, and what it then makes of it is nobody's concern. */
async function inTime(
  verb: AnyVerb,
  input: unknown,
  services: NodeServices,
  gone: AbortSignal,
): Promise<Handled<unknown>> {
  const ending = new AbortController()
  const signal = AbortSignal.any([gone, ending.signal])
  const { promise: late, resolve } = Promise.withResolvers<Handled<unknown>>()
  const cancel = services.clock.after(timeoutOf(ROUTES[verb.name]), () => {
    ending.abort()
    resolve(err({ code: 'timed-out', message: 'no answer in time: whether it was done is not known' }))
  })
  try {
    return await Promise.race([Promise.try(() => verb.handle(input, services, signal)), late])
  } finally {
    cancel()
  }
}
