/** Fields that entries of the hub and of buckets share. */
import * as z from 'zod'
import type { Ipld } from '../ipld.ts'
import { count, did, hash32, integer, list, signature } from '../payload/fields.ts'

export const BUCKETS = 256
/** Voters of a group, at most. Source: consensus.md, "Membership". */
export const VOTERS_MAX = 7
/** Seats of one role, and with them the verdicts that one entry can carry. */
export const SEATS_MAX = 1_024
/** Envelopes that one entry carries at most: bids of a round, or the verdicts of all seats. */
const ENVELOPES_MAX = 1_024

export const bucketNumber = integer(0, BUCKETS - 1).describe('bucket')
export const slotNumber = count.describe('slot, from 1')
export const generationNumber = count.describe("the network's generation")
export const fenceEpoch = count.describe("the bucket's fence epoch")

/** An envelope in its single form, as `envelopeToIpld` makes it; `readEnvelope` judges it. */
export const envelopeField = z.custom<{ readonly [key: string]: Ipld }>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && 'body' in value,
  'expected an envelope',
)
export const envelopes = list(envelopeField, ENVELOPES_MAX)

/** What a voter says, and its signature over `body` as the signed type of that name. */
export function statement<Body extends z.ZodType>(body: Body) {
  return z.strictObject({ voter: did, body, s: signature })
}

export const chainHead = hash32.describe("head of the need's chain of hashes before this entry")
