import * as z from 'zod'
import { evidence } from './content.ts'
import { challengeId, gas, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: economy.md, "Challenges"; lifecycle.md, entry `verdict`. */
export const verdictPayload = payloadSchema("A challenge seat's judgement", {
  need_id: needId,
  challenge_id: challengeId,
  outcome: z
    .enum(['upheld', 'rejected', 'undecided'])
    .describe('undecided: no rule decides, so that it escalates'),
  gas_used: gas.describe('gas of checking the proof'),
  evidence: evidence.describe('what the seat found'),
})
