import { EXIT } from './exit.ts'

/**
 * What a command found: data for `--json`, text for people. A schema's shape only grows within its
 * version; what changes or removes a field raises the number.
 */
export type Report = Single | Listing

export interface Single {
  readonly kind: 'single'
  /** `canswarm.<command>/<version>`, the first field of the JSON output. */
  readonly schema: string
  readonly data: Json
  /** Text on standard output, without the last newline. */
  readonly text: string
  /** What the user should know beside the result; standard error. */
  readonly notes: readonly string[]
  readonly exit: number
}

/** Rows printed as they come, for what may be longer than memory; with `--json` one object a line. */
export interface Listing {
  readonly kind: 'listing'
  readonly schema: string
  readonly rows: AsyncIterable<{ readonly data: Json; readonly text: string }>
}

export type Json = Readonly<Record<string, unknown>>

export function report(
  schema: string,
  data: Json,
  text: string,
  more: { readonly notes?: readonly string[]; readonly exit?: number } = {},
): Single {
  return { kind: 'single', schema, data, text, notes: more.notes ?? [], exit: more.exit ?? EXIT.done }
}

export function listing(schema: string, rows: Listing['rows']): Listing {
  return { kind: 'listing', schema, rows }
}
