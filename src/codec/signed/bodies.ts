/** Bodies of the signed types whose form is fixed here. Source: protocol.md, "Signed types". */
import * as z from 'zod'
import { count, did, hash32, timeMs } from '../payload/fields.ts'

/** Root of a batch: an RFC 6962 tree over the bodies of its envelopes. */
export const batchRootBody = hash32.describe('root of the tree over the bodies')

/** An agent lets a node sign its batches for a time. Times are slot time. */
export const signingDelegationBody = z
  .strictObject({
    v: z.literal(1),
    agent: did.describe('whose envelopes; it signs this'),
    node: did.describe('who may sign them'),
    from: timeMs.describe('first millisecond at which it holds'),
    until: timeMs.describe('first millisecond at which it holds no more'),
  })
  .refine(({ from, until }) => from < until, { path: ['until'], error: 'expected a time after from' })
  .refine(({ agent, node }) => agent !== node, { path: ['node'], error: 'expected another than the agent' })

/** Head of a journal's chain at one of its lines. Source: record.md, "Journal". */
export const journalSealBody = z.strictObject({
  v: z.literal(1),
  node: did.describe('whose journal; it signs this'),
  segment: count,
  n: count.describe('line before the seal'),
  chain: hash32.describe('hash chain up to that line'),
  ts: z
    .string()
    .regex(/^[1-9][0-9]{0,19}$/)
    .describe("time of the seal's own line, nanoseconds since 1970"),
})
