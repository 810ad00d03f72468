import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { checkSchema } from '../schema-check.ts'

const DENIALS_MAX = 64
const FIELD_CHARS_MAX = 256
const LIMIT_CHARS_MAX = 128

const denial = z.strictObject({
  rule: z
    .string()
    .max(64)
    .regex(/^[a-z][a-z0-9_.]*$/)
    .describe('which rule denies'),
  field: z.string().max(FIELD_CHARS_MAX).exactOptional().describe('path in the input, as in payload.cost'),
  limit: z
    .union([z.string().max(LIMIT_CHARS_MAX), z.int()])
    .exactOptional()
    .describe('what the rule allows; amounts as text'),
})

/** What a policy decides. Source: policy.md ("Denials name their reasons"). */
export const decisionSchema = z.strictObject({
  allow: z.boolean(),
  denials: z.array(denial).max(DENIALS_MAX).describe('every reason against; none when it allows'),
})

/** One reason of a denial. */
export type Denial = Readonly<z.infer<typeof denial>>

/**
 * A policy's word on one input, or the runtime's where the policy gave none. Denials stand in one order, by rule,
 * field and limit, none twice; there is none just when it allows.
 */
export interface Decision {
  readonly allow: boolean
  readonly denials: readonly Denial[]
}

/** Rules of the runtime's own begin so; no policy's may. */
export const RUNTIME_RULE = 'runtime.'

/**
 * Rejects MALFORMED and TOO_LARGE: another form, a denial that allows or the other way round, a rule of the
 * runtime's. Puts denials in order.
 */
export function parseDecision(value: unknown, at: string): Result<Decision, Rejection> {
  const checked = checkSchema(decisionSchema, value, at)
  if (!checked.ok) return checked
  const { allow, denials } = checked.value
  const wrong = denials.findIndex(({ rule }) => rule.startsWith(RUNTIME_RULE))
  if (wrong !== -1)
    return malformed(`no policy names a rule ${RUNTIME_RULE}…`, `${at}.denials[${wrong}].rule`)
  if (allow !== (denials.length === 0)) return malformed('denials stand beside false, and only there', at)
  return ok({ allow, denials: inOrder(denials) })
}

function malformed(message: string, field: string): Result<never, Rejection> {
  return { ok: false, error: { code: 'MALFORMED', message, field } }
}

/** Sets of Rego come out in the order of a hash table. */
function inOrder(denials: readonly Denial[]): readonly Denial[] {
  const byKey = new Map(denials.map((one) => [keyOf(one), one]))
  return Array.from(byKey)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one)
}

function keyOf({ rule, field, limit }: Denial): string {
  return JSON.stringify([rule, field ?? null, limit ?? null])
}

/** Name of a decision: CID of its dag-cbor. */
export function decisionCid({ allow, denials }: Decision, sha256: Sha256): CID {
  return cidOf(encodeDagCbor({ allow, denials }), sha256)
}
