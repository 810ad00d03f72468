import type * as z from 'zod'
import type { Rejection, RejectionCode } from '../model/rejection.ts'
import { err, type Result } from '../model/result.ts'
import type { VerbName } from './routes.ts'
import type { NodeServices } from './services.ts'

/** What the API itself has to say, beside rejections: what was named is not there; time ran out, outcome unknown. */
export type VerbCode = RejectionCode | 'not-found' | 'timed-out'

/** Why a verb did not do its work. */
export interface VerbError extends Omit<Rejection, 'code'> {
  readonly code: VerbCode
}

export type Handled<Output> = Result<Output, VerbError>

/** A command of the local API: validation, types and documentation come from the two schemas. */
export interface Verb<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  /** Its row of `ROUTES`. */
  readonly name: VerbName
  /** One sentence without a full stop. */
  readonly summary: string
  /** Names of the path, and the query of a GET or the JSON body of a POST. */
  readonly input: Input
  /** JSON. */
  readonly output: Output
  /** Codes that it may refuse with, beside those of any input (MALFORMED, TOO_LARGE, RATE_LIMITED). */
  readonly rejects: readonly VerbCode[]
  /** A thrown fault means outcome unknown. */
  handle(
    input: z.output<Input>,
    services: NodeServices,
    signal: AbortSignal,
  ): Promise<Handled<z.input<Output>>> | Handled<z.input<Output>>
}

/** A verb as the API sees it: the types of its own schemas are erased. */
export interface AnyVerb extends Omit<Verb, 'handle'> {
  handle(
    input: unknown,
    services: NodeServices,
    signal: AbortSignal,
  ): Promise<Handled<unknown>> | Handled<unknown>
}

export function defineVerb<Input extends z.ZodObject, Output extends z.ZodType>(
  verb: Verb<Input, Output>,
): Verb<Input, Output> {
  return verb
}

/** What was named is not known to this node. */
export function notFound(message: string, field: string): { readonly ok: false; readonly error: VerbError } {
  return err({ code: 'not-found', message, field })
}
