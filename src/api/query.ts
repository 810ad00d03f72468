import * as z from 'zod'
import type { AnyVerb } from '../verbs/verb.ts'

type Wanted = 'text' | 'number' | 'boolean' | 'list'

/** Reads a query as the verb's input has it: texts become numbers, switches and lists where those are wanted. */
export function queryReader(
  verb: Pick<AnyVerb, 'input'>,
): (query: URLSearchParams) => Record<string, unknown> {
  let wanted: ReadonlyMap<string, Wanted> | undefined
  return (query) => {
    wanted ??= wantedBy(verb)
    const names = new Set(query.keys())
    return Object.fromEntries(
      [...names].map((name) => [name, valueOf(query, name, wanted?.get(name) ?? 'text')]),
    )
  }
}

/** Made when it is first asked for: a node would start later for the schemas of all verbs. */
function wantedBy({ input }: Pick<AnyVerb, 'input'>): ReadonlyMap<string, Wanted> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  return new Map(Object.entries(properties).map(([name, schema]) => [name, wantedOf(schema)]))
}

function wantedOf(schema: z.core.JSONSchema._JSONSchema): Wanted {
  const type = typeof schema === 'boolean' ? undefined : schema.type
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'boolean') return 'boolean'
  return type === 'array' ? 'list' : 'text'
}

/** What is no such value stays a text, which the schema then refuses. */
function valueOf(query: URLSearchParams, name: string, wanted: Wanted): unknown {
  const text = query.get(name) ?? ''
  if (wanted === 'number') return /^-?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : text
  if (wanted === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return wanted === 'list' ? query.getAll(name).flatMap((one) => one.split(',')) : text
}
