import { salt } from './fields.ts'
import { bidRound, needId, proposalId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'
import { planPatch } from './plan-patch.ts'

/** Source: lifecycle.md, entries `decide` and `pass`. `planCommitment` of these is the hash in the PROPOSE. */
export const revealPlanPayload = payloadSchema('Opens the plan of the bid at the head of the ranking', {
  need_id: needId,
  bid_round: bidRound,
  proposal_id: proposalId,
  patch: planPatch,
  salt,
})
