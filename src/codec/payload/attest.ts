import { contentLink, hash32, salt } from './fields.ts'
import { attempt, commitId, gas, needId, reason, verdict } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entries `finalize` and `reject`; policy.md (COMMIT_GATE). */
export const attestPayload = payloadSchema("A result seat's verdict", {
  need_id: needId,
  attempt,
  commit_id: commitId,
  verdict,
  artifact: contentLink.exactOptional().describe('what the seat itself got, where it did the work again'),
  gas: gas.describe("gas of the seat's own run"),
  digest: hash32.describe("policy digest of the seat's COMMIT_GATE"),
  salt: salt.exactOptional().describe('opens the commitment, where there was one'),
  reason,
})
