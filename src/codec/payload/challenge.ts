import * as z from 'zod'
import { evidence, PROOF_BYTES_MAX } from './content.ts'
import { count, integer, salt } from './fields.ts'
import { attempt, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

const proofType = z
  .enum([
    'SCHEMA_VIOLATION',
    'MISSING_CITATION',
    'SEMANTIC_CONTRADICTION',
    'OUTPUT_MISMATCH',
    'POLICY_BREACH',
  ])
  .describe('what is wrong with the result')

/** Source: economy.md, "Challenges"; lifecycle.md, entry `challenge`. */
export const challengePayload = payloadSchema('Opens a challenge', {
  need_id: needId,
  attempt,
  proof_type: proofType,
  proof: z
    .strictObject({
      size_bytes: integer(0, PROOF_BYTES_MAX),
      gas_estimate: count.describe('gas that checking it will take'),
    })
    .describe('what checking the proof costs'),
  evidence: evidence.describe('the proof'),
  salt,
})
