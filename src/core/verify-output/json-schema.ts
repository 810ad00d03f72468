import { isRecord, isShallow } from './json-value.ts'
import type { Broken, Checker, Schema, SchemaMap } from './schema-assertion.ts'
import { ANNOTATIONS, ASSERTIONS } from './schema-keywords.ts'

/** What holding a value against a JSON Schema came to. */
export type SchemaFinding =
  | { readonly kind: 'follows' }
  /** `why`: for people; `at`: the place in the value, as a JSON pointer. */
  | { readonly kind: 'breaks'; readonly why: string; readonly at: string }
  /** The schema itself cannot be used: that says nothing of the value. */
  | { readonly kind: 'unusable'; readonly why: string }

/**
 * How much is looked at: one step for each schema that is held against each value, and for each pair that is compared.
 * References let a schema of one line ask for more steps than anybody has time for.
 */
const STEPS_MAX = 1_000_000
/** Of a value, and of the text of a schema. */
const DEPTH_MAX = 128
/** Of schemas that are held inside one another, references followed. */
const HELD_MAX = 512

/** Thrown to give up on a schema. */
class Unusable extends Error {}

/**
 * Holds a JSON value against a JSON Schema, both by strangers: always ends, never throws, and gives everybody the same
 * finding. Draft 2020-12, less what would let a stranger's text run on it (`pattern`, `patternProperties`) or needs other
 * documents: such a schema is unusable, by the keyword's name. `format` and the other annotations assert nothing.
 * Source: JSON Schema 2020-12, "Core", "Validation"; operations.md, "Agents" (verification modes).
 */
export function checkSchema(schema: unknown, value: unknown): SchemaFinding {
  if (!isShallow(schema, DEPTH_MAX)) return { kind: 'unusable', why: `it goes deeper than ${DEPTH_MAX}` }
  if (!isShallow(value, DEPTH_MAX)) return { kind: 'breaks', why: `it goes deeper than ${DEPTH_MAX}`, at: '' }
  const check = new SchemaCheck(schema)
  try {
    check.assertUsable(schema, 0)
    const broken = check.breaks(schema as Schema, value, '')
    return broken === undefined ? { kind: 'follows' } : { kind: 'breaks', ...broken }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    return { kind: 'unusable', why: error.message }
  }
}

class SchemaCheck implements Checker {
  readonly #root: unknown
  readonly #resolved = new Map<string, Schema>()
  #steps = 0
  #depth = 0

  constructor(root: unknown) {
    this.#root = root
  }

  /** All of a schema, also what no value would reach. */
  assertUsable(schema: unknown, depth: number): void {
    if (typeof schema === 'boolean') return
    if (!isRecord(schema)) throw new Unusable('a schema is an object or a truth value')
    for (const [keyword, argument] of Object.entries(schema)) {
      if (ANNOTATIONS.has(keyword) || (keyword === '$id' && depth === 0)) continue
      const assertion = ASSERTIONS.get(keyword)
      if (assertion === undefined) throw new Unusable(`keyword ${JSON.stringify(keyword)} is not used here`)
      if (!assertion.isArgument(argument)) throw new Unusable(`${keyword} has not the form that it must have`)
      for (const inner of assertion.schemasIn?.(argument) ?? []) this.assertUsable(inner, depth + 1)
    }
  }

  breaks(schema: Schema, value: unknown, at: string): Broken | undefined {
    this.step(1)
    if (typeof schema === 'boolean') return schema ? undefined : { why: 'nothing is allowed here', at }
    if (++this.#depth > HELD_MAX) throw new Unusable(`schemas are held deeper than ${HELD_MAX}`)
    const broken = this.#firstBroken(schema, value, at)
    this.#depth--
    return broken
  }

  step(count: number): void {
    this.#steps += count
    if (this.#steps > STEPS_MAX)
      throw new Unusable(`holding it against the output takes over ${STEPS_MAX} steps`)
  }

  resolve(reference: string): Schema {
    const known = this.#resolved.get(reference)
    if (known !== undefined) return known
    const parts = reference.slice(1).split('/').slice(1).map(unescape)
    const found = parts.reduce<unknown>((from, part) => stepInto(from, part), this.#root)
    // It may stand where no schema was looked for.
    this.assertUsable(found, parts.length)
    this.#resolved.set(reference, found as Schema)
    return found as Schema
  }

  #firstBroken(schema: SchemaMap, value: unknown, at: string) {
    for (const [keyword, argument] of Object.entries(schema)) {
      const broken = ASSERTIONS.get(keyword)?.breaks({ argument, schema, value, at, check: this })
      if (broken !== undefined)
        return typeof broken === 'string' ? { why: `${keyword}: ${broken}`, at } : broken
    }
    return undefined
  }
}

function stepInto(from: unknown, part: string): unknown {
  if (Array.isArray(from)) return from[Number(part)]
  return isRecord(from) && Object.hasOwn(from, part) ? from[part] : undefined
}

/** Source: RFC 6901, section 4. */
function unescape(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
