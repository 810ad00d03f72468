import * as z from 'zod'
import { parseIpld } from '../codec/dag-json/parse-ipld.ts'
import { checkPayload } from '../codec/payload/check-payload.ts'
import { chosenKey, durationMs, name } from '../codec/payload/fields.ts'
import type { Payload } from '../codec/payload/verbs.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import { cidOfText, contentCid, count, did, micro } from './fields.ts'

/** Content that travels in the NEED itself, in bytes: what is longer is put first, and named by its CID. */
const INLINE_MAX = 32_768

const input = z.union([
  z.strictObject({ text: z.string().max(INLINE_MAX) }).describe('the content itself, as text'),
  z.strictObject({ base64: z.base64().max(INLINE_MAX * 2) }).describe('the content itself'),
  z.strictObject({ cid: contentCid, size: count }).describe('content that was put before'),
])

const verification = z.union([
  z.strictObject({ mode: z.enum(['reexecute', 'citations']) }),
  z.strictObject({ mode: z.literal('schema'), schema: z.string().max(INLINE_MAX).describe('JSON Schema') }),
  z.strictObject({ mode: z.literal('judge'), criteria: z.string().max(4_096) }),
])

/** A NEED in the words of its requester; what is not said is filled in. Source: protocol.md, "Verbs" (NEED). */
export const needInput = z.strictObject({
  idempotency_key: chosenKey.describe('the same key asks for nothing new'),
  capability: name.describe('what the worker must be able to do'),
  task_type: name.exactOptional().describe('kind of task; else the capability'),
  label: z.string().min(1).max(200).exactOptional().describe('for people; else the capability'),
  input: input.default({ text: '' }).describe('what the task works on'),
  budget: micro.describe('most that the worker is paid, micro-credits'),
  verify_bounty: micro.describe('what the seats are paid from, micro-credits'),
  task_class: z.enum(['simple', 'complex', 'critical']).default('simple'),
  verification: verification.default({ mode: 'reexecute' }).describe('how the result is judged'),
  deadline_ms: durationMs.exactOptional().describe('time until it expires'),
  isolation: z.enum(['vm', 'sandbox', 'none']).exactOptional().describe("least isolation of the worker's"),
  gas_limit: count.exactOptional(),
  invited: z.array(did).min(1).max(16).exactOptional().describe('who alone may bid'),
  judges: z.array(did).min(1).max(16).exactOptional().describe('who alone may judge'),
  commit_reveal: z.boolean().default(false).describe('verdicts are committed to before they are shown'),
  payload: z
    .record(z.string(), z.json())
    .default({})
    .describe('further fields of the NEED, in dag-json, which stand in place of those above'),
  wait_ms: z.int().min(0).max(20_000).default(5_000).describe("how long to wait for the hub's word"),
})

export type NeedInput = z.output<typeof needInput>

/** Rejects MALFORMED and TOO_LARGE, with the field of the payload. */
export function needPayloadOf(wish: NeedInput): Result<Payload<'NEED'>, Rejection> {
  const extra = parseIpld(wish.payload, 'payload')
  if (!extra.ok) return extra
  const payload = {
    label: wish.label ?? wish.capability,
    task_type: wish.task_type ?? wish.capability,
    capability: wish.capability,
    input: inputOf(wish.input),
    requires: [],
    produces: [],
    constraints: constraintsOf(wish),
    task_class: wish.task_class,
    budget: wish.budget,
    verify_bounty: wish.verify_bounty,
    verification: verificationOf(wish.verification),
    idempotency_key: wish.idempotency_key,
    ...(extra.value as object),
  }
  return checkPayload('NEED', payload)
}

function inputOf(wish: NeedInput['input']) {
  if ('text' in wish) return { inline: new TextEncoder().encode(wish.text) }
  if ('base64' in wish) return { inline: Uint8Array.fromBase64(wish.base64) }
  return { cid: cidOfText(wish.cid), size: wish.size }
}

function constraintsOf({ deadline_ms, isolation, gas_limit, invited, judges, commit_reveal }: NeedInput) {
  return {
    ...(deadline_ms !== undefined && { deadline: deadline_ms }),
    ...(isolation !== undefined && { isolation }),
    ...(gas_limit !== undefined && { gas_limit }),
    ...(invited !== undefined && { invited }),
    ...(judges !== undefined && { judges }),
    ...(commit_reveal && { commit_reveal: true }),
  }
}

function verificationOf(wish: NeedInput['verification']) {
  return 'schema' in wish
    ? { mode: 'schema', schema: { inline: new TextEncoder().encode(wish.schema) } }
    : wish
}
