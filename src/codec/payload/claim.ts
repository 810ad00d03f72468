import { attempt, heartbeatInterval, leaseTtl, needId, proposalId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entry `claim`. */
export const claimPayload = payloadSchema('Takes the lease that has come to the sender', {
  need_id: needId,
  attempt,
  proposal_id: proposalId,
  lease_ttl: leaseTtl,
  heartbeat_interval: heartbeatInterval,
})
