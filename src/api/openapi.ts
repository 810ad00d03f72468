import * as z from 'zod'
import { API_VERBS } from '../verbs/all.ts'
import { EVENTS, STREAMED_KINDS } from '../verbs/events.ts'
import { ROUTES, type Route } from '../verbs/routes.ts'
import type { AnyVerb } from '../verbs/verb.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The API as an OpenAPI 3.1 document: schemas come from those that validate. Verbs that tell what is not JSON stand beside
 * them. Source: OpenAPI Specification 3.1.
 */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const verb of Object.values(API_VERBS)) {
    const { method, path } = ROUTES[verb.name]
    const at = (paths[path] ??= {})
    at[method.toLowerCase()] = operationOf(verb)
  }
  for (const [path, operations] of Object.entries(RAW_PATHS)) paths[path] = { ...paths[path], ...operations }
  return {
    openapi: '3.1.0',
    info: { title: 'CAN Swarm node', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: 'http://localhost', description: 'over the unix socket <home>/api.sock' }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'over TCP alone' } },
    },
    security: [{}, { bearer: [] }],
  }
}

const PROBLEM = {
  type: 'object',
  properties: {
    code: { type: 'string', description: 'stable: of a rejection (CAPITALS), of a fault or of the API' },
    message: { type: 'string', description: 'for people' },
    field: { type: 'string', description: 'what of the input it is about' },
    first: { type: 'string', description: 'DUPLICATE alone: what was there first' },
  },
  required: ['code', 'message'],
}

function operationOf(verb: AnyVerb): Json {
  const route: Route = ROUTES[verb.name]
  const { properties, required, schema } = partsOf(verb.input)
  const inPath = [...route.path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name ?? '')
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name))
  const inQuery = route.method === 'GET' ? rest : []
  const parameters = [
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
    ...inQuery.map((name) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema: properties[name],
    })),
  ]
  return {
    operationId: verb.name,
    summary: verb.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.method !== 'GET' && rest.length > 0 && { requestBody: bodyOf(without(schema, inPath)) }),
    responses: {
      200: answer('done', { 'application/json': { schema: schemaOf(verb.output, 'output') } }),
      default: answer(refusals(verb), { 'application/json': { schema: PROBLEM_REF } }),
    },
  }
}

const PROBLEM_REF = { $ref: '#/components/schemas/Problem' }

function refusals({ rejects }: AnyVerb): string {
  return rejects.length === 0 ? 'refused or failed' : `refused (${rejects.join(', ')}) or failed`
}

function partsOf(input: z.ZodType) {
  const schema = schemaOf(input, 'input')
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, unknown>>
  return { schema, properties, required: (schema['required'] ?? []) as readonly string[] }
}

/** A JSON Schema without the mark of its dialect, which is the document's own. */
function schemaOf(of: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(of, { io, unrepresentable: 'any' })
  return schema
}

function without(schema: Json, names: readonly string[]): Json {
  const kept = (name: string): boolean => !names.includes(name)
  const properties = Object.entries(schema['properties'] ?? {}).filter(([name]) => kept(name))
  const required = ((schema['required'] ?? []) as readonly string[]).filter(kept)
  return { ...schema, properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) }
}

function bodyOf(schema: Json): Json {
  return { required: true, content: { 'application/json': { schema } } }
}

function answer(description: string, content: Json): Json {
  return { description, content }
}

const BINARY = { schema: { type: 'string', format: 'binary' } }
const FAILED = { default: answer('refused or failed', { 'application/json': { schema: PROBLEM_REF } }) }

function text(name: string, where: 'path' | 'query' | 'header', description: string): Json {
  return { name, in: where, required: where === 'path', schema: { type: 'string' }, description }
}

const EVENT_TYPES = STREAMED_KINDS.map((kind) => `\`${kind}\`: ${EVENTS[kind].description ?? ''}`).join('; ')

const RAW_PATHS: Readonly<Record<string, Json>> = {
  '/healthz': {
    get: {
      operationId: 'healthz',
      summary: 'Health for probes: 200, or 503 when a part is failing',
      responses: { 200: { description: 'ok or degraded' }, 503: { description: 'failing' } },
    },
  },
  '/artifacts/{cid}': {
    get: {
      operationId: 'artifact',
      summary: 'Content by its CID, checked, from here or from peers',
      parameters: [text('cid', 'path', 'CID of the content')],
      responses: { 200: answer('the bytes', { 'application/octet-stream': BINARY }), ...FAILED },
    },
  },
  '/v1/needs/{need}/artifact': {
    get: {
      operationId: 'needArtifact',
      summary: "What a need's worker delivered, checked against its CID",
      parameters: [text('need', 'path', 'id of the NEED')],
      responses: { 200: answer('the bytes', { 'application/octet-stream': BINARY }), ...FAILED },
    },
  },
  '/v1/content': {
    put: {
      operationId: 'contentPut',
      summary: 'Keep content; the answer names its CID',
      parameters: [text('pin', 'query', 'owner of a pin that keeps it')],
      requestBody: { required: true, content: { 'application/octet-stream': BINARY } },
      responses: { 200: { description: '{cid, size}' }, ...FAILED },
    },
  },
  '/v1/threads/{thread}/export': {
    get: {
      operationId: 'threadExport',
      summary: "A thread's record, which anybody can replay",
      parameters: [
        text('thread', 'path', 'id of the thread'),
        text('form', 'query', '`car` (the default) or `jsonl`'),
        text('content', 'query', '`inline` (the default) or `linked`'),
      ],
      responses: { 200: answer('the file', { 'application/vnd.ipld.car': BINARY }), ...FAILED },
    },
  },
  '/v1/events': {
    get: {
      operationId: 'events',
      summary: `Server-sent events: ${EVENT_TYPES}; \`hello\` first, \`gap\` where events are lost`,
      parameters: [
        text('need', 'query', 'only of this need; how it stands comes first'),
        text('thread', 'query', 'only of needs of this thread'),
        text('kinds', 'query', 'only these, with commas between'),
        text('Last-Event-ID', 'header', 'resume after this event'),
      ],
      responses: {
        200: answer('the stream', { 'text/event-stream': { schema: { type: 'string' } } }),
        ...FAILED,
      },
    },
  },
  '/v1/logs/follow': {
    get: {
      operationId: 'logsFollow',
      summary: "Server-sent events, one for each line of the node's log",
      parameters: [text('Last-Event-ID', 'header', 'resume after this line')],
      responses: {
        200: answer('the stream', { 'text/event-stream': { schema: { type: 'string' } } }),
        ...FAILED,
      },
    },
  },
}
