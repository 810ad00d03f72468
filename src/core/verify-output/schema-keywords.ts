import { COMBINATIONS } from './combining-keywords.ts'
import { NUMBERS_AND_TEXTS } from './scalar-keywords.ts'
import type { Assertion } from './schema-assertion.ts'
import { ARRAYS_AND_OBJECTS } from './structure-keywords.ts'

/** Keywords that assert nothing: their arguments may be anything. Source: JSON Schema 2020-12, "Validation", 7 to 9. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
])

/** Every keyword that is used, by its name. */
export const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map(
  Object.entries({ ...NUMBERS_AND_TEXTS, ...ARRAYS_AND_OBJECTS, ...COMBINATIONS }),
)
