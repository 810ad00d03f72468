import type * as z from 'zod'
import { type Rejection, type RejectionCode, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'

/** Put into `params` of a check that bounds a size, so that its refusal is TOO_LARGE. */
export const SIZE_BOUND = { tooLarge: true } as const

/**
 * zod stops at the first offence of a list or map, as its `validate` does: one of thousands that a stranger makes
 * costs as much as one. The option is not in its types; without it the answer is the same, and dear.
 */
const FIRST_ONLY = { abortEarly: true } as z.core.ParseContext<z.core.$ZodIssue>

const MESSAGE_CHARS_MAX = 120
const KEY_CHARS_MAX = 40

/**
 * The value itself, typed, when it has the schema's form: schemas here transform nothing, so nothing is copied.
 * Rejects by the first offence: TOO_LARGE where a bound of a text, a list or bytes is the cause, else MALFORMED.
 * `at` is the place of the value, as in `payload`; the offence's path follows it, as in `payload.ops[3].task_id`.
 */
export function checkSchema<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: string,
): Result<z.input<Schema>, Rejection> {
  if (schema.validate(value)) return ok(value)
  return refusal(schema.safeParse(value, FIRST_ONLY).error?.issues ?? [], value, at)
}

/** As `checkSchema`, for schemas that fill in what is not said: gives what was read. */
export function parseSchema<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: string,
): Result<z.output<Schema>, Rejection> {
  const parsed = schema.safeParse(value, FIRST_ONLY)
  return parsed.success ? ok(parsed.data) : refusal(parsed.error.issues, value, at)
}

function refusal(issues: readonly Issue[], value: unknown, at: string): ReturnType<typeof reject> {
  const offence = firstOffence(issues, value)
  if (offence === undefined) return reject('MALFORMED', 'not of the form that it should have', at)
  return reject(codeOf(offence), shortened(offence.message, MESSAGE_CHARS_MAX), fieldOf(at, offence))
}

type Issue = z.core.$ZodIssue

/**
 * Of a union the form speaks that was probably meant: the first whose offence is something that is there, since
 * the other forms miss keys that nobody meant to give. Where all miss something, the union speaks for itself.
 */
function firstOffence(issues: readonly Issue[], value: unknown): Issue | undefined {
  const [first] = issues
  if (first?.code !== 'invalid_union') return first
  const inner = valueAt(value, first.path)
  const meant = first.errors
    .map((form) => firstOffence(form, inner))
    .find((offence) => offence !== undefined && valueAt(inner, offence.path) !== undefined)
  return meant === undefined ? first : { ...meant, path: [...first.path, ...meant.path] }
}

function valueAt(value: unknown, path: Issue['path']): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  )
}

function codeOf(issue: Issue): RejectionCode {
  const isSize =
    issue.code === 'too_big'
      ? issue.origin === 'string' || issue.origin === 'array'
      : issue.code === 'custom' && issue.params?.['tooLarge'] === true
  return isSize ? 'TOO_LARGE' : 'MALFORMED'
}

function fieldOf(at: string, issue: Issue): string {
  const [unknownKey] = issue.code === 'unrecognized_keys' ? issue.keys : []
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey]
  return path.reduce<string>((field, step) => {
    if (typeof step === 'number') return `${field}[${step}]`
    const key = shortened(String(step), KEY_CHARS_MAX)
    return field === '' ? key : `${field}.${key}`
  }, at)
}

/** Texts of others come back in messages: cut where a reader would not read on, and still Unicode then. */
function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).toWellFormed()}…`
}
