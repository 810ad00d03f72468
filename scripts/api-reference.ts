/** docs/api.md, out of the OpenAPI document: the one that a node serves at /openapi.json. */
import { openApiDocument } from '../src/api/openapi.ts'
import { EVENTS, STREAMED_KINDS } from '../src/verbs/events.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

export function apiReference(): string {
  const { paths } = openApiDocument('0') as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation)),
  )
  return [
    '# Local API',
    '',
    'Written from the schemas that validate, by `npm run docs`; a running node serves the same as OpenAPI 3.1 at `/openapi.json`.',
    '',
    'HTTP over the unix socket `<home>/api.sock` (mode 0600), over TCP only where that is configured: then with a bearer token, a',
    'known `Host`, no foreign `Origin`, and a limited rate. Amounts are decimal texts of micro-credits (1 credit = 1,000,000), ids and',
    'CIDs are their texts, times are milliseconds since 1970. A JSON body is at most 1 MiB, an upload at most 64 MiB.',
    '',
    '    curl --unix-socket ~/.canswarm/api.sock http://localhost/v1/status',
    '',
    'What is refused has a status of its code and the body `{code, message, field?, first?}`. `code` is stable: CAPITALS are',
    'rejections of the protocol, the others faults or the API’s own (`not-found`, `timed-out`, `unauthorized`, `forbidden`, `stopping`,',
    '`defect`). After a fault or `timed-out` nobody knows whether it was done: look, or use the same idempotency key again.',
    '',
    '## Events',
    '',
    'Server-sent events begin with `hello`. Each has an id; a reader that comes back with `Last-Event-ID` goes on after it. Where',
    'events are lost, because the reader was slow or the node was started anew, `gap` says how many (-1: nobody knows). When',
    'nothing happens a comment comes every 15 s.',
    '',
    '| event | tells | data |',
    '| --- | --- | --- |',
    ...STREAMED_KINDS.map((kind) => {
      const names = Object.keys(EVENTS[kind].shape).map((name) => `\`${name}\``)
      return `| \`${kind}\` | ${EVENTS[kind].description ?? ''} | ${names.join(', ')} |`
    }),
    '',
    ...operations.flat(),
  ].join('\n')
}

function section(path: string, method: string, operation: Operation): string[] {
  const { summary, parameters = [], requestBody, responses } = operation
  const json = requestBody?.content['application/json']?.schema
  const rows = [
    ...parameters.map(({ name, in: where, required, description, schema }) =>
      row(name, required ? `${where}, needed` : where, { ...schema, ...(description && { description }) }),
    ),
    ...fieldsOf(json, 'body'),
  ]
  const done = responses['200']
  const answer = done?.content?.['application/json']?.schema
  const told = answer === undefined ? [] : fieldsOf(answer, '')
  return [
    `## ${method.toUpperCase()} ${path}`,
    '',
    `${summary}. Operation \`${operation.operationId}\`.`,
    '',
    ...(rows.length > 0
      ? ['| takes | where | shape | what it is |', '| --- | --- | --- | --- |', ...rows, '']
      : []),
    ...(told.length > 0
      ? ['| answers | | shape | what it is |', '| --- | --- | --- | --- |', ...told, '']
      : []),
    `Otherwise: ${responses['default']?.description ?? done?.description ?? ''}.`,
    '',
  ]
}

function fieldsOf(schema: Schema | undefined, where: string): string[] {
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => {
    const isNeeded = where !== '' && schema?.required?.includes(name) === true && field.default === undefined
    return row(name, isNeeded ? `${where}, needed` : where, field)
  })
}

function row(name: string, where: string, schema: Schema): string {
  const preset = schema.default === undefined ? '' : ` (${JSON.stringify(schema.default)} unless it is said)`
  const about = `${schema.description ?? ''}${preset}`.trim()
  return `| \`${name}\` | ${where} | ${escaped(shapeOf(schema))} | ${escaped(about)} |`
}

/** A short name of a field's shape; the schema itself has every bound. */
function shapeOf(schema: Schema): string {
  const forms = schema.anyOf ?? schema.oneOf
  if (forms !== undefined) return [...new Set(forms.map(shapeOf))].join(' or ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(', ')
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : shapeOf(schema.items)}`
  if (schema.properties !== undefined) return `{ ${Object.keys(schema.properties).join(', ')} }`
  return [schema.type ?? 'any'].flat().join(' or ')
}

function escaped(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}
