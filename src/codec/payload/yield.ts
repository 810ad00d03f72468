import { attempt, leaseId, needId, reason } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entry `yield`. */
export const yieldPayload = payloadSchema('Gives the lease back', {
  need_id: needId,
  attempt,
  lease_id: leaseId,
  reason,
})
