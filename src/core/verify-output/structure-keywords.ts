import { isRecord, keyOf } from './json-value.ts'
import {
  type Assertion,
  below,
  firstOf,
  type Held,
  isAnything,
  isCount,
  isNames,
  isSchemaList,
  isSchemaMap,
  type Schema,
} from './schema-assertion.ts'

const one = (argument: unknown): readonly unknown[] => [argument]
const values = (argument: unknown): readonly unknown[] => Object.values(argument as object)

/** Source: JSON Schema 2020-12, "Core", 10.3; "Validation", 6.4 and 6.5. */
export const ARRAYS_AND_OBJECTS: Readonly<Record<string, Assertion>> = {
  prefixItems: {
    isArgument: isSchemaList,
    schemasIn: (argument) => argument as unknown[],
    breaks: ({ argument, value, at, check }) =>
      firstOf(argument as Schema[], (schema, index) =>
        Array.isArray(value) && index < value.length
          ? check.breaks(schema, value[index], below(at, index))
          : undefined,
      ),
  },
  items: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, schema, value, at, check }) => {
      const first = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0
      return firstOf(Array.isArray(value) ? value.slice(first) : [], (item, index) =>
        check.breaks(argument as Schema, item, below(at, first + index)),
      )
    },
  },
  contains: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, schema, value, at, check }) => {
      if (!Array.isArray(value)) return undefined
      const found = value.filter((item) => check.breaks(argument as Schema, item, at) === undefined).length
      const [least = 1, most = Infinity] = [schema['minContains'], schema['maxContains']] as number[]
      return found >= least && found <= most ? undefined : `${found} such items`
    },
  },
  // What these two mean is said by `contains`.
  minContains: { isArgument: isCount, breaks: () => undefined },
  maxContains: { isArgument: isCount, breaks: () => undefined },
  minItems: ofSizes(sizeOfArray, (size, bound) => size >= bound, 'fewer items than'),
  maxItems: ofSizes(sizeOfArray, (size, bound) => size <= bound, 'more items than'),
  uniqueItems: {
    isArgument: (argument) => typeof argument === 'boolean',
    breaks: ({ argument, value, check }) => {
      if (argument !== true || !Array.isArray(value)) return undefined
      const keys = new Set(value.map((item) => keyOf(item, (count) => check.step(count))))
      return keys.size === value.length ? undefined : 'an item stands twice'
    },
  },
  properties: {
    isArgument: isSchemaMap,
    schemasIn: values,
    breaks: ({ argument, value, at, check }) =>
      firstOf(Object.entries(argument as Record<string, Schema>), ([name, schema]) =>
        has(value, name) ? check.breaks(schema, value[name], below(at, name)) : undefined,
      ),
  },
  additionalProperties: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, schema, value, at, check }) => {
      const named = isRecord(schema['properties']) ? schema['properties'] : {}
      const others = entriesOf(value).filter(([name]) => !Object.hasOwn(named, name))
      return firstOf(others, ([name, each]) => check.breaks(argument as Schema, each, below(at, name)))
    },
  },
  propertyNames: {
    isArgument: isAnything,
    schemasIn: one,
    breaks: ({ argument, value, at, check }) =>
      firstOf(entriesOf(value), ([name]) => check.breaks(argument as Schema, name, below(at, name))),
  },
  required: {
    isArgument: isNames,
    breaks: ({ argument, value }) => missingIn(value, argument as string[]),
  },
  dependentRequired: {
    isArgument: (argument) => isRecord(argument) && Object.values(argument).every(isNames),
    breaks: ({ argument, value }) =>
      firstOf(Object.entries(argument as Record<string, string[]>), ([name, names]) =>
        has(value, name) ? missingIn(value, names) : undefined,
      ),
  },
  dependentSchemas: {
    isArgument: isSchemaMap,
    schemasIn: values,
    breaks: ({ argument, value, at, check }) =>
      firstOf(Object.entries(argument as Record<string, Schema>), ([name, schema]) =>
        has(value, name) ? check.breaks(schema, value, at) : undefined,
      ),
  },
  minProperties: ofSizes(sizeOfObject, (size, bound) => size >= bound, 'fewer members than'),
  maxProperties: ofSizes(sizeOfObject, (size, bound) => size <= bound, 'more members than'),
}

function has(value: unknown, name: string): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && Object.hasOwn(value, name)
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value) : []
}

function missingIn(value: unknown, names: readonly string[]): string | undefined {
  const missing = isRecord(value) ? names.find((name) => !Object.hasOwn(value, name)) : undefined
  return missing === undefined ? undefined : `${JSON.stringify(missing)} is not there`
}

function sizeOfArray(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined
}

function sizeOfObject(value: unknown): number | undefined {
  return isRecord(value) ? Object.keys(value).length : undefined
}

function ofSizes(
  sizeOf: (value: unknown) => number | undefined,
  holds: (size: number, bound: number) => boolean,
  words: string,
): Assertion {
  return {
    isArgument: isCount,
    breaks: ({ argument, value }: Held) => {
      const size = sizeOf(value)
      return size === undefined || holds(size, argument as number)
        ? undefined
        : `${words} ${String(argument)}`
    },
  }
}
