import { hash32, microMoved } from './fields.ts'
import { attempt, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Challenges". The hash is `challengeCommitment` of what the CHALLENGE will say. */
export const challengeCommitPayload = payloadSchema('Announces a challenge and authorises its bond', {
  need_id: needId,
  attempt,
  bond: microMoved.describe('micro-credits that are locked'),
  hash: hash32.describe('commitment to the challenge'),
})
