import { isRecord } from './json-value.ts'

export type SchemaMap = Readonly<Record<string, unknown>>
export type Schema = boolean | SchemaMap

/** What is wrong, for people, and where in the value, as a JSON pointer. */
export interface Broken {
  readonly why: string
  readonly at: string
}

/** What keywords need of the check that they are a part of. */
export interface Checker {
  /** What is wrong with the value first; undefined where nothing is. Gives up where it would take too long. */
  breaks(schema: Schema, value: unknown, at: string): Broken | undefined
  /** Counts what is about to be done. */
  step(count: number): void
  /** The schema that a local reference names. Gives up where there is none. */
  resolve(reference: string): Schema
}

/** One keyword held against one value. */
export interface Held {
  readonly argument: unknown
  /** The schema that the keyword stands in. */
  readonly schema: SchemaMap
  readonly value: unknown
  readonly at: string
  readonly check: Checker
}

/** What a keyword asks for. */
export interface Assertion {
  /** True for an argument of the form that the keyword must have. */
  readonly isArgument: (argument: unknown) => boolean
  /** Schemas in the argument. */
  readonly schemasIn?: (argument: unknown) => readonly unknown[]
  /** What is wrong, here or at a place below; undefined where nothing is. */
  readonly breaks: (held: Held) => string | Broken | undefined
}

export const isCount = (argument: unknown): boolean =>
  Number.isSafeInteger(argument) && (argument as number) >= 0
export const isNames = (argument: unknown): boolean =>
  Array.isArray(argument) && argument.every((each) => typeof each === 'string')
export const isSchemaMap = (argument: unknown): boolean => isRecord(argument)
export const isSchemaList = (argument: unknown): boolean => Array.isArray(argument) && argument.length > 0
/** Whatever it is, it is looked at as a schema. */
export const isAnything = (): boolean => true

/** Place `part` below `at`. Source: RFC 6901, section 3. */
export function below(at: string, part: string | number): string {
  return `${at}/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** What is wrong first in a row of things. */
export function firstOf<Item>(
  items: readonly Item[],
  breaks: (item: Item, index: number) => string | Broken | undefined,
): string | Broken | undefined {
  for (const [index, item] of items.entries()) {
    const broken = breaks(item, index)
    if (broken !== undefined) return broken
  }
  return undefined
}
