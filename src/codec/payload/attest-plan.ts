import { bidRound, needId, proposalId, reason, verdict } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entries `decide` and `pass`, "Committees". */
export const attestPlanPayload = payloadSchema("A plan seat's verdict on a revealed plan", {
  need_id: needId,
  bid_round: bidRound,
  proposal_id: proposalId,
  verdict,
  reason,
})
