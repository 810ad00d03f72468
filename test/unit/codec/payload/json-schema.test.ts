import { describe, expect, it } from 'vitest'
import { payloadJsonSchema } from '../../../../src/codec/payload/json-schema.ts'
import { KINDS, VERBS } from '../../../../src/codec/payload/verbs.ts'

type Node = { readonly [key: string]: unknown }

/** Every schema inside another, with its path. */
function nodesOf(node: unknown, path = ''): readonly (readonly [string, Node])[] {
  if (Array.isArray(node)) return node.flatMap((inner, at) => nodesOf(inner, `${path}[${at}]`))
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.entries(node).flatMap(([key, value]) => nodesOf(value, `${path}/${key}`))
  return [[path, node as Node], ...inner]
}

describe('JSON Schema of the payloads, for documentation (ADR 10)', () => {
  it.each(KINDS)('%s: exists, is closed, says what it and each of its fields is', (kind) => {
    const schema = payloadJsonSchema(kind) as Node
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(schema['description']).toMatch(/\w/)
    const fields = Object.entries((schema['properties'] ?? {}) as { readonly [key: string]: Node })
    for (const [name, field] of fields) expect(field['description'], name).toMatch(/\w/)
  })

  it.each(KINDS)('%s: every list and text has a bound, every number a range', (kind) => {
    for (const [path, node] of nodesOf(payloadJsonSchema(kind))) {
      if (node['type'] === 'array' && node['prefixItems'] === undefined) {
        expect(node['maxItems'], path).toEqual(expect.any(Number))
      }
      if (node['type'] === 'integer') {
        expect(node['minimum'], path).toEqual(expect.any(Number))
        expect(node['maximum'], path).toEqual(expect.any(Number))
      }
      if (node['type'] === 'string') expect(isBounded(node), `${path} ${JSON.stringify(node)}`).toBe(true)
    }
  })

  it('links and bytes stand as dag-json writes them', () => {
    const { properties } = payloadJsonSchema('ATTEST_COMMIT') as { readonly properties: Node }
    expect(properties['need_id']).toMatchObject({ properties: { '/': { type: 'string' } }, required: ['/'] })
    expect(properties['hash']).toMatchObject({
      properties: { '/': { properties: { bytes: { contentEncoding: 'base64' } } } },
    })
  })

  it('every verb says who sends it, and in which thread', () => {
    for (const kind of KINDS) {
      expect(VERBS[kind].sender).toMatch(/\w/)
      expect(['need', 'account']).toContain(VERBS[kind].thread)
    }
  })
})

/** A pattern bounds a text when nothing in it repeats without end. */
function isBounded(node: Node): boolean {
  const { pattern } = node
  const hasEnd = typeof pattern === 'string' && !/(?<!\\)[*+](?![^[]*\])/.test(pattern)
  return ['maxLength', 'enum', 'const', 'contentEncoding'].some((key) => key in node) || hasEnd
}
