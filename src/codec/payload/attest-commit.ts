import { hash32 } from './fields.ts'
import { attempt, commitId, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

/** Source: lifecycle.md, entry `reveal`. The hash is `verdictCommitment` of what the ATTEST will say. */
export const attestCommitPayload = payloadSchema(
  'Binds a result seat to a verdict that it does not show yet',
  {
    need_id: needId,
    attempt,
    commit_id: commitId,
    hash: hash32.describe('commitment to the verdict'),
  },
)
