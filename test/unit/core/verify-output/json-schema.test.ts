import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSchema } from '../../../../src/core/verify-output/json-schema.ts'

type Row = readonly [schema: unknown, follows: readonly unknown[], breaks: readonly unknown[]]

/** By the specification: what each keyword lets through and what not. Keywords say nothing of values of other types. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  'truth values': [
    [true, [1, null, {}], []],
    [false, [], [1, null, {}]],
    [{}, [1, 'x', []], []],
  ],
  type: [
    [{ type: 'null' }, [null], [0, '', [], {}, false]],
    [{ type: 'integer' }, [1, 1.0, -0], [1.5, '1', null]],
    [{ type: 'number' }, [1, 1.5], ['1', true]],
    [{ type: 'object' }, [{}], [[], null, 'x']],
    [{ type: 'array' }, [[]], [{}, 'x']],
    [{ type: 'boolean' }, [true], [0, 'true']],
    [{ type: ['string', 'null'] }, ['x', null], [1]],
  ],
  'enum and const': [
    [{ enum: [1, 'a', { b: [1], a: 2 }] }, [1, 'a', { a: 2, b: [1] }], ['1', { a: 2, b: [1, 1] }, null]],
    [{ enum: [] }, [], [1, null]],
    [{ const: 0 }, [0, -0], [false, '0', null]],
    [{ const: [false] }, [[false]], [[0], [[false]]]],
  ],
  numbers: [
    [{ minimum: 1, maximum: 3 }, [1, 3, 2.5, 'x'], [0.9, 3.1]],
    [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2, '1'], [1, 3]],
    [{ multipleOf: 0.5 }, [1, 1.5, 0, 'x'], [1.2]],
    [{ multipleOf: 3 }, [9, -3], [10]],
  ],
  texts: [
    [{ minLength: 2 }, ['ab', '𝒳𝒳', 5], ['a', '𝒳']],
    [{ maxLength: 1 }, ['', '𝒳', null], ['ab']],
  ],
  arrays: [
    [{ items: { type: 'integer' } }, [[], [1, 2], 'x'], [[1, 'a']]],
    [
      { prefixItems: [{ type: 'integer' }, true], items: { type: 'string' } },
      [[1], [1, 2, 'x'], []],
      [['x'], [1, 2, 3]],
    ],
    [{ contains: { const: 1 } }, [[0, 1], 'x'], [[], [0]]],
    [{ contains: { const: 1 }, minContains: 0 }, [[], [0]], []],
    [
      { contains: { const: 1 }, minContains: 2, maxContains: 3 },
      [
        [1, 1],
        [1, 0, 1, 1],
      ],
      [[1], [1, 1, 1, 1]],
    ],
    [{ minItems: 1, maxItems: 2 }, [[1], [1, 2], {}], [[], [1, 2, 3]]],
    [
      { uniqueItems: true },
      [[], [1, '1', [1], { a: 1 }], 'aa'],
      [
        [1, 1],
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
        [0, -0],
      ],
    ],
    [{ uniqueItems: false }, [[1, 1]], []],
  ],
  objects: [
    [
      { properties: { a: { type: 'integer' }, b: false } },
      [{}, { a: 1 }, { c: 'x' }, []],
      [{ a: 'x' }, { b: 1 }],
    ],
    [{ properties: { a: true }, additionalProperties: false }, [{}, { a: 1 }], [{ a: 1, b: 1 }]],
    [{ additionalProperties: { type: 'integer' } }, [{ x: 1 }], [{ x: 'y' }]],
    [{ required: ['a', 'toString'] }, [{ a: 1, toString: 1 }, 'x'], [{ a: 1 }, {}]],
    [{ properties: { __proto__: { type: 'integer' } } }, [{}], []],
    [{ propertyNames: { maxLength: 2 } }, [{ ab: 1 }, 'abc'], [{ abc: 1 }]],
    [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }, []], [{}, { a: 1, b: 1, c: 1 }]],
    [{ dependentRequired: { a: ['b'] } }, [{}, { b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ dependentSchemas: { a: { minProperties: 2 } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
  ],
  combinations: [
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 'x'], [0, 3]],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['x', 5, null], [4]],
    [{ oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] }, [2, 3], [6, 5]],
    [{ not: { type: 'string' } }, [1], ['x']],
    [JSON.parse('{"if":{"minimum":5},"then":{"multipleOf":5},"else":{"maximum":2}}'), [5, 10, 1], [6, 3]],
    [{ if: true }, [1], []],
    [JSON.parse('{"then":false,"else":false}'), [1], []],
  ],
  references: [
    [{ $defs: { n: { type: 'integer' } }, items: { $ref: '#/$defs/n' } }, [[1]], [['x']]],
    [
      { properties: { next: { $ref: '#' } }, additionalProperties: false },
      [{ next: { next: {} } }],
      [{ next: { x: 1 } }],
    ],
    [{ $ref: '#/$defs/a~1b~0c', $defs: { 'a/b~c': { type: 'null' } } }, [null], [1]],
    [{ $ref: '#/allOf/1', allOf: [true, { type: 'integer' }] }, [1], ['x']],
  ],
  annotations: [
    [
      { $schema: 'x', $id: 'y', title: 'z', description: '', default: 1, examples: [], format: 'email' },
      ['x', 1],
      [],
    ],
  ],
}

describe.each(Object.entries(TABLE))('JSON Schema: %s', (_name, rows) => {
  it.each(rows)('%j', (schema, follows, breaks) => {
    const kinds = (values: readonly unknown[]) => values.map((value) => checkSchema(schema, value).kind)
    expect(kinds(follows)).toEqual(follows.map(() => 'follows'))
    expect(kinds(breaks)).toEqual(breaks.map(() => 'breaks'))
  })
})

describe('what is said of a value that breaks a schema', () => {
  it('names the keyword and the place', () => {
    const schema = { properties: { 'a/b': { items: { type: 'integer' } } } }
    expect(checkSchema(schema, { 'a/b': [1, 'x'] })).toEqual({
      kind: 'breaks',
      why: 'type: expected integer',
      at: '/a~1b/1',
    })
  })
})

/** A million ways of the same kind through a schema of one line. */
function bomb(combination: string): unknown {
  const levels = Array.from({ length: 40 }, (_, at) => {
    const next = { $ref: `#/$defs/l${at + 1}` }
    return [`l${at}`, { [combination]: [next, next] }]
  })
  return { $ref: '#/$defs/l0', $defs: { ...Object.fromEntries(levels), l40: true } }
}

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let at = 0; at < levels; at++) value = [value]
  return value
}

describe('schemas of strangers', () => {
  it.each<readonly [unknown, RegExp]>([
    [5, /object or a truth value/u],
    [{ pattern: '(a+)+$' }, /"pattern" is not used/u],
    [{ properties: { a: { patternProperties: {} } } }, /"patternProperties" is not used/u],
    [{ unevaluatedProperties: false }, /"unevaluatedProperties" is not used/u],
    [{ $dynamicRef: '#x' }, /"\$dynamicRef" is not used/u],
    [{ minimun: 3 }, /"minimun" is not used/u],
    [{ properties: { a: { $id: 'x' } } }, /"\$id" is not used/u],
    [{ type: 'text' }, /type has not the form/u],
    [{ required: 'a' }, /required has not the form/u],
    [{ minLength: -1 }, /minLength has not the form/u],
    [{ multipleOf: 0 }, /multipleOf has not the form/u],
    [{ allOf: [] }, /allOf has not the form/u],
    [{ items: [{}] }, /object or a truth value/u],
    [{ $ref: 'https://example.org/x' }, /\$ref has not the form/u],
    [{ $ref: '#/$defs/none' }, /object or a truth value/u],
    [{ $ref: '#/enum/0', enum: [{ allOf: 1 }] }, /allOf has not the form/u],
    [{ $ref: '#' }, /deeper than 512/u],
    [bomb('allOf'), /over 1000000 steps/u],
    [bomb('oneOf'), /over 1000000 steps/u],
    [{ const: deep(200) }, /deeper than 128/u],
  ])('%#: what is not used, or has no end, is unusable, with the reason', (schema, why) => {
    const finding = checkSchema(schema, 1)
    expect(finding.kind === 'unusable' && finding.why).toMatch(why)
  })

  it('a value that goes too deep breaks any schema', () => {
    expect(checkSchema(true, deep(128)).kind).toBe('follows')
    expect(checkSchema(true, deep(129)).kind).toBe('breaks')
    expect(checkSchema({ uniqueItems: true }, deep(300_000)).kind).toBe('breaks')
  })

  it('of any form, against any value: a finding, the same each time, never a throw', () => {
    const keyword = fc.constantFrom(
      ...'type enum const minimum multipleOf minLength items prefixItems contains minContains uniqueItems'.split(
        ' ',
      ),
      ...'properties additionalProperties propertyNames required dependentRequired dependentSchemas'.split(
        ' ',
      ),
      ...'allOf anyOf oneOf not if then else $ref $defs'.split(' '),
    )
    const { schema } = fc.letrec((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4 },
        fc.boolean(),
        fc.jsonValue(),
        fc.constantFrom('integer', 'string', '#', '#/items', ['a'], 1, 0.5),
        fc.dictionary(keyword, tie('schema'), { maxKeys: 3 }),
        fc.array(tie('schema'), { maxLength: 3 }),
      ),
    }))
    fc.assert(
      fc.property(schema, fc.jsonValue(), (one, value) => {
        const finding = checkSchema(one, value)
        expect(['follows', 'breaks', 'unusable']).toContain(finding.kind)
        expect(checkSchema(one, value)).toEqual(finding)
      }),
      { numRuns: 1_000 },
    )
  })

  it('what follows a schema breaks its `not`, and the other way round', () => {
    const leaf = fc.constantFrom<unknown>(
      { type: 'integer' },
      { minimum: 2 },
      { maxLength: 1 },
      { items: { type: 'string' } },
      { required: ['a'] },
      { enum: [1, 'a', null] },
    )
    fc.assert(
      fc.property(leaf, fc.jsonValue(), (schema, value) => {
        const [plain, negated] = [checkSchema(schema, value), checkSchema({ not: schema }, value)]
        expect([plain.kind, negated.kind].sort().join()).toBe('breaks,follows')
      }),
    )
  })
})
