import * as z from 'zod'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { type Ipld, isMap } from '../ipld.ts'
import { count } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { type Decision, decisionSchema, parseDecision } from './decision.ts'

/** Name of a case: `need-over-cap`. At most 64 characters. */
export const caseId = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*$/)

/** A policy input with what must come of it, on every node. */
export interface ConformanceCase {
  readonly id: string
  readonly input: { readonly [key: string]: Ipld }
  readonly decision: Decision
  /** Exact: what the evaluation uses, by the capsule's meter. */
  readonly gas: number
}

const caseSchema = z.strictObject({
  id: caseId,
  input: z.custom<ConformanceCase['input']>((value) => isMap(value as Ipld), 'expected a map'),
  decision: decisionSchema,
  gas: count,
})

/** Rejects MALFORMED and TOO_LARGE; NOT_CANONICAL when the denials are not in order. */
export function parseCase(value: Ipld, at: string): Result<ConformanceCase, Rejection> {
  const checked = checkSchema(caseSchema, value, at)
  if (!checked.ok) return checked
  const { id, input, gas } = checked.value
  const decision = parseDecision(checked.value.decision, `${at}.decision`)
  if (!decision.ok) return decision
  const { denials } = decision.value
  const written = checked.value.decision.denials
  if (denials.length !== written.length || written.some((denial, n) => denial !== denials[n])) {
    return reject('NOT_CANONICAL', 'denials stand in order of rule, field and limit', `${at}.decision`)
  }
  return ok({ id, input, decision: decision.value, gas })
}

/** Binds a conformance vector to the whole case. */
export function caseCid({ id, input, decision, gas }: ConformanceCase, sha256: Sha256): CID {
  const { allow, denials } = decision
  return cidOf(encodeDagCbor({ id, input, decision: { allow, denials }, gas }), sha256)
}
