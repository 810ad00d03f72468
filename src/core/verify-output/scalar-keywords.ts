import { charactersIn, isOfType, keyOf } from './json-value.ts'
import { type Assertion, type Held, isCount, isNames } from './schema-assertion.ts'

const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'])
const isTypes = (argument: unknown): boolean =>
  typeof argument === 'string'
    ? TYPES.has(argument)
    : isNames(argument) && (argument as string[]).every((type) => TYPES.has(type))

/** Source: JSON Schema 2020-12, "Validation", 6.1 to 6.3. */
export const NUMBERS_AND_TEXTS: Readonly<Record<string, Assertion>> = {
  type: {
    isArgument: isTypes,
    breaks: ({ argument, value }) =>
      (Array.isArray(argument) ? argument : [argument]).some((type) => isOfType(value, type))
        ? undefined
        : `expected ${String(argument)}`,
  },
  enum: {
    isArgument: Array.isArray,
    breaks: ({ argument, value, check }) => {
      const key = keyOf(value, (count) => check.step(count))
      const isOne = (argument as unknown[]).some((each) => keyOf(each, (count) => check.step(count)) === key)
      return isOne ? undefined : 'none of the values that are allowed'
    },
  },
  const: {
    isArgument: () => true,
    breaks: ({ argument, value, check }) => {
      const step = (count: number) => check.step(count)
      return keyOf(argument, step) === keyOf(value, step) ? undefined : 'not the value that is asked for'
    },
  },
  minimum: ofNumbers((value, bound) => value >= bound, 'less than'),
  maximum: ofNumbers((value, bound) => value <= bound, 'more than'),
  exclusiveMinimum: ofNumbers((value, bound) => value > bound, 'not more than'),
  exclusiveMaximum: ofNumbers((value, bound) => value < bound, 'not less than'),
  multipleOf: {
    isArgument: (argument) => Number.isFinite(argument) && (argument as number) > 0,
    breaks: ({ argument, value }) =>
      typeof value !== 'number' || Number.isInteger(value / (argument as number))
        ? undefined
        : `no multiple of ${String(argument)}`,
  },
  minLength: ofTexts((length, bound) => length >= bound, 'fewer characters than'),
  maxLength: ofTexts((length, bound) => length <= bound, 'more characters than'),
}

function ofNumbers(holds: (value: number, bound: number) => boolean, words: string): Assertion {
  return {
    isArgument: Number.isFinite,
    breaks: ({ argument, value }: Held) =>
      typeof value !== 'number' || holds(value, argument as number)
        ? undefined
        : `${words} ${String(argument)}`,
  }
}

function ofTexts(holds: (length: number, bound: number) => boolean, words: string): Assertion {
  return {
    isArgument: isCount,
    breaks: ({ argument, value, check }: Held) => {
      if (typeof value !== 'string') return undefined
      check.step(value.length >> 4)
      return holds(charactersIn(value), argument as number) ? undefined : `${words} ${String(argument)}`
    },
  }
}
