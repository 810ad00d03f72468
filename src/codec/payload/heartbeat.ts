import { durationMs, integer } from './fields.ts'
import { attempt, leaseId, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Auction, leases, routing" (Lease). */
export const heartbeatPayload = payloadSchema('Shows that the work goes on', {
  need_id: needId,
  attempt,
  lease_id: leaseId,
  progress: integer(0, 100).describe('percent that is done'),
  extend: durationMs.exactOptional().describe('asks for so much more time, ms'),
})
