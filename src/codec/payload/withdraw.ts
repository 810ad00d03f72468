import { challengeId, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Challenges" (before the first VERDICT). */
export const withdrawPayload = payloadSchema('Takes a challenge back', {
  need_id: needId,
  challenge_id: challengeId,
})
