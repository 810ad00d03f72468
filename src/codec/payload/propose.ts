import * as z from 'zod'
import { bytes, count, durationMs, hash32, idLink, list, micro } from './fields.ts'
import { bidRound, heartbeatInterval, leaseTtl, needId } from './need-fields.ts'
import { payloadSchema } from './payload-schema.ts'
import { planPatch } from './plan-patch.ts'

const RECORD_BYTES_MAX = 8_192
/** Levels of the registry's tree. */
const REGISTRY_LEVELS_MAX = 32

const registry = z
  .strictObject({
    slot: count.describe('slot whose registry root the path leads to'),
    record: bytes(1, RECORD_BYTES_MAX).describe("the bidder's record, as the hub encoded it"),
    path: list(
      z.tuple([z.literal([0, 1]), hash32]).describe('side of the sibling (0 left, 1 right) and its hash'),
      REGISTRY_LEVELS_MAX,
    ).describe('from the record up to the root'),
  })
  .describe("the bidder's registry record and its proof")

const plan = z
  .union([
    z.strictObject({ hash: hash32 }).describe('commitment to a plan that REVEAL_PLAN opens'),
    z.strictObject({ patch: planPatch }).describe('the plan itself, of a bidder who was invited alone'),
  ])
  .describe('the plan, sealed or open')

/** Source: protocol.md, "Verbs"; economy.md, "Auction, leases, routing". */
export const proposePayload = payloadSchema('Bids for a need', {
  need_id: needId,
  bid_round: bidRound,
  cost: micro.describe('price of the work, micro-credits'),
  eta: durationMs.describe('time from the lease to the result, ms'),
  lease_ttl: leaseTtl,
  heartbeat_interval: heartbeatInterval,
  manifest: idLink.describe("id of the bidder's MANIFEST"),
  registry,
  plan,
})
