import * as z from 'zod'
import { content, INLINE_BYTES_MAX } from './content.ts'
import { count, distinct, idLink, integer } from './fields.ts'
import { attempt, gas, leaseId, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'

const SUB_NEEDS_MAX = 64

/** Source: lifecycle.md, "Entries of a need" (fence token). */
const fenceToken = z
  .strictObject({
    bucket: integer(0, 255),
    generation: count.describe("the network's, raised by a forced recovery"),
    fence_epoch: count.describe("the bucket's"),
    record: idLink.describe('record under which the act is made'),
  })
  .describe('fence token')

const telemetry = z
  .strictObject({
    gas: gas.describe('gas that the worker says it used'),
    bytes: count.describe('bytes that the worker says it read and wrote'),
    wall_time: count.exactOptional().describe('ms, for information'),
  })
  .describe("the worker's own measurements, held against a re-execution")

/** Source: protocol.md, "Verbs"; lifecycle.md, entry `commit`; policy.md (COMMIT_GATE). */
export const commitPayload = payloadSchema('Delivers the result', {
  need_id: needId,
  attempt,
  lease_id: leaseId,
  fence: fenceToken,
  artifact: content(INLINE_BYTES_MAX).describe('the result'),
  telemetry,
  sub_needs: distinct(idLink, SUB_NEEDS_MAX)
    .exactOptional()
    .describe('ids of the NEEDs that it was made from'),
})
