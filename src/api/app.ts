import { Hono } from 'hono'
import { API_VERBS } from '../verbs/all.ts'
import { openApiDocument } from './openapi.ts'
import { type Problem, problem, problemOfError } from './problem.ts'
import { type RawRouteDeps, routeRaw } from './raw-routes.ts'
import { answerProblem, answerThrown, routeVerb } from './verb-route.ts'

export interface AppDeps extends RawRouteDeps {
  /** What is wrong with a request, by its headers; undefined for a good one. */
  readonly guard: (headers: Headers, env: unknown) => Problem | undefined
  /** True for a page of the dashboard, that anybody on this address may load. */
  readonly isStopping: () => boolean
}

const IN_FLIGHT_MAX = 256

/** The API as a function from requests to responses. */
export function makeApp(deps: AppDeps): Hono {
  const app = new Hono()
  let inFlight = 0
  app.use(async (context, next) => {
    const wrong = deps.guard(context.req.raw.headers, context.env)
    if (wrong !== undefined) return answerProblem(context, wrong)
    if (deps.isStopping()) return answerProblem(context, problem('stopping', 'the node is stopping'))
    if (inFlight >= IN_FLIGHT_MAX) return answerProblem(context, BUSY)
    inFlight += 1
    try {
      await next()
    } finally {
      inFlight -= 1
    }
    context.res.headers.set('x-content-type-options', 'nosniff')
    return undefined
  })
  for (const verb of Object.values(API_VERBS)) routeVerb(app, verb, deps)
  routeRaw(app, deps)
  let document: ReturnType<typeof openApiDocument> | undefined
  app.get('/openapi.json', (context) => {
    document ??= openApiDocument(deps.services.identity.version)
    return context.json(document)
  })
  app.notFound((context) => answerProblem(context, problem('not-found', `nothing at ${context.req.path}`)))
  app.onError((error, context) => answerThrown(context, error, context.req.path, deps))
  return app
}

const BUSY = problemOfError({ code: 'RATE_LIMITED', message: `at most ${IN_FLIGHT_MAX} requests at once` })
