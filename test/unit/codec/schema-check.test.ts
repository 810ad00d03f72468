import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { checkSchema, SIZE_BOUND } from '../../../src/codec/schema-check.ts'

describe('checking a value by a schema', () => {
  it('gives the value itself', () => {
    const value = { a: [1] }
    const checked = checkSchema(z.strictObject({ a: z.array(z.int()) }), value, '')
    expect(checked.ok && checked.value).toBe(value)
  })

  it('stops at the first offence: what a stranger doubles costs no more', () => {
    let looks = 0
    const item = z.custom<number>(() => {
      looks++
      return false
    })
    const schema = z.strictObject({ list: z.array(item).max(1_000), more: z.array(item).max(1_000) })
    for (const compiled of [schema, z.compile(schema)]) {
      looks = 0
      const list = Array.from({ length: 1_000 }, () => 0)
      expect(checkSchema(compiled, { list, more: list }, 'at')).toMatchObject({
        error: { field: 'at.list[0]' },
      })
      expect(looks).toBeLessThan(10)
    }
  })

  it('does not look at the items of a list that is too long', () => {
    const item = z.custom<number>(() => {
      throw new Error('an item was looked at')
    })
    const schema = z.strictObject({ list: z.array(item).max(3) })
    for (const compiled of [schema, z.compile(schema)]) {
      expect(checkSchema(compiled, { list: [1, 2, 3, 4] }, '')).toMatchObject({
        error: { code: 'TOO_LARGE', field: 'list' },
      })
    }
  })

  it.each<[string, z.ZodType, unknown, string, string]>([
    ['a long text', z.string().max(2), 'abc', 'TOO_LARGE', 'at'],
    ['a short text', z.string().min(2), 'a', 'MALFORMED', 'at'],
    ['a number beyond its range', z.int().max(2), 3, 'MALFORMED', 'at'],
    [
      'a bound of our own',
      z.custom<string>().refine(() => false, { params: SIZE_BOUND }),
      '',
      'TOO_LARGE',
      'at',
    ],
    ['an unknown key', z.strictObject({}), { b: 1 }, 'MALFORMED', 'at.b'],
    ['a tuple', z.tuple([z.int(), z.int()]), [1, 'x'], 'MALFORMED', 'at[1]'],
  ])('%s: by code and path', (_what, schema, value, code, field) => {
    expect(checkSchema(schema, value, 'at')).toMatchObject({ error: { code, field } })
  })

  it('of a union the form speaks whose offence is there; where all miss something, the union', () => {
    const form = z.union([
      z.strictObject({ inline: z.string().max(1) }),
      z.strictObject({ cid: z.int(), size: z.int() }),
    ])
    const schema = z.union([z.strictObject({ sealed: z.int() }), z.strictObject({ open: form })])
    expect(checkSchema(schema, { open: { inline: 'xx' } }, '')).toMatchObject({
      error: { code: 'TOO_LARGE', field: 'open.inline' },
    })
    expect(checkSchema(schema, { open: { cid: 1, size: 'x' } }, '')).toMatchObject({
      error: { field: 'open.size' },
    })
  })
})
