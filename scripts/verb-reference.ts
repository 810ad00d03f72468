/** docs/verbs.md, out of the payload schemas: the one place from which validation and types come too. */
import { payloadJsonSchema } from '../src/codec/payload/json-schema.ts'
import { KINDS, type Kind, VERBS } from '../src/codec/payload/verbs.ts'

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
}

export function verbReference(): string {
  return [
    '# Verbs',
    '',
    'Written from the payload schemas by `npm run docs`. Every payload may also carry `trace` (W3C trace context) and',
    '`budget_left` (micro-credits). A link is `{"/": "bafy…"}` and bytes are `{"/": {"bytes": "…"}}` in dag-json.',
    '',
    ...KINDS.flatMap(section),
  ].join('\n')
}

function section(kind: Kind): string[] {
  const schema = payloadJsonSchema(kind) as JsonSchema
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== 'trace' && name !== 'budget_left')
    .map(([name, field]) => {
      const needed = schema.required?.includes(name) === true ? 'yes' : ''
      return `| \`${name}\` | ${needed} | ${shapeOf(field)} | ${escaped(field.description ?? '')} |`
    })
  return [
    `## ${kind}`,
    '',
    `${schema.description ?? ''}. Sender: ${VERBS[kind].sender}; thread: ${VERBS[kind].thread}.`,
    '',
    ...(rows.length === 0
      ? ['No fields of its own.']
      : ['| field | needed | shape | what it is |', '| --- | --- | --- | --- |', ...rows]),
    '',
  ]
}

/** A short name of a field's shape; the schema itself has every bound. */
function shapeOf(field: JsonSchema): string {
  const forms = field.anyOf ?? field.oneOf
  if (forms !== undefined) return [...new Set(forms.map(shapeOf))].join(' or ')
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``
  if (field.enum !== undefined) return field.enum.map((one) => `\`${String(one)}\``).join(', ')
  if (field.properties?.['/'] !== undefined) return field.properties['/'].type === 'string' ? 'link' : 'bytes'
  if (field.type === 'array')
    return `list of ${field.items === undefined ? 'anything' : shapeOf(field.items)}`
  if (field.properties !== undefined) return `{ ${Object.keys(field.properties).join(', ')} }`
  return field.type ?? 'any'
}

function escaped(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}
