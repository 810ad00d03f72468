import {
  type Assertion,
  firstOf,
  type Held,
  isAnything,
  isSchemaList,
  isSchemaMap,
  type Schema,
} from './schema-assertion.ts'

const one = (argument: unknown): readonly unknown[] => [argument]
const list = (argument: unknown): readonly unknown[] => argument as unknown[]
const values = (argument: unknown): readonly unknown[] => Object.values(argument as object)

const SAID_ELSEWHERE: Assertion = { isArgument: isAnything, schemasIn: one, breaks: () => undefined }

/** Source: JSON Schema 2020-12, "Core", 8.2 and 10.2. */
export const COMBINATIONS: Readonly<Record<string, Assertion>> = {
  $ref: {
    isArgument: (argument) => typeof argument === 'string' && /^#(?:\/|$)/u.test(argument),
    breaks: ({ argument, value, at, check }) => check.breaks(check.resolve(argument as string), value, at),
  },
  $defs: { isArgument: isSchemaMap, schemasIn: values, breaks: () => undefined },
  definitions: { isArgument: isSchemaMap, schemasIn: values, breaks: () => undefined },
  allOf: {
    isArgument: isSchemaList,
    schemasIn: list,
    breaks: ({ argument, value, at, check }) =>
      firstOf(argument as Schema[], (schema) => check.breaks(schema, value, at)),
  },
  anyOf: {
    isArgument: isSchemaList,
    schemasIn: list,
    breaks: (held) => (followed(held).length > 0 ? undefined : 'none of the schemas'),
  },
  oneOf: {
    isArgument: isSchemaList,
    schemasIn: list,
    breaks: (held) => {
      const { length } = followed(held)
      return length === 1 ? undefined : `${length} of the schemas, not one`
    },
  },
  not: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, value, at, check }) =>
      check.breaks(argument as Schema, value, at) === undefined ? 'what must not be' : undefined,
  },
  if: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, schema, value, at, check }) => {
      const isSo = check.breaks(argument as Schema, value, at) === undefined
      const then = schema[isSo ? 'then' : 'else']
      return then === undefined ? undefined : check.breaks(then as Schema, value, at)
    },
  },
  // What these two mean is said by `if`.
  ...Object.fromEntries(['then', 'else'].map((name) => [name, SAID_ELSEWHERE])),
}

function followed({ argument, value, at, check }: Held): readonly Schema[] {
  return (argument as Schema[]).filter((schema) => check.breaks(schema, value, at) === undefined)
}
