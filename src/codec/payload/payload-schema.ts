import * as z from 'zod'
import { micro } from './fields.ts'

const TRACE_PARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

const common = {
  trace: z
    .string()
    .regex(TRACE_PARENT)
    .exactOptional()
    .describe('trace context, in the form of the W3C traceparent header'),
  budget_left: micro.exactOptional().describe('micro-credits that are left of what the root need may spend'),
}

/**
 * A verb's payload: the verb's own fields and the two that every verb may carry.
 * Source: protocol.md, "Verbs", last paragraph.
 */
export function payloadSchema<const Shape extends z.core.$ZodLooseShape>(
  about: string,
  shape: Shape,
): z.ZodObject<Shape & typeof common, z.core.$strict> {
  return z.strictObject({ ...shape, ...common }).describe(about)
}
