/**
 * What applied entries of the hub and of buckets ask of one another. A batch's proof stands beside it; each effect is
 * applied once, in the order of its number. Source: lifecycle.md, "Effects between hub and buckets", "Entries of a need".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { EFFECT_BYTES_MAX } from '../../model/replicated.ts'
import type { Result } from '../../model/result.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import { count, did, hash32, idLink, integer, list, micro, ppm, text, timeMs } from '../payload/fields.ts'
import { ROUND_MAX } from '../payload/need-fields.ts'
import { checkSchema } from '../schema-check.ts'
import { bucketNumber, envelopeField, SEATS_MAX, slotNumber } from './fields.ts'

const attempt = integer(0, ROUND_MAX)
const dids = list(did, SEATS_MAX)
/** Seats that `end` pays, in all roles; more, which only extreme parameters make, are not. */
export const ANSWERED_MAX = 4_096
/** Movements that `paid` names; of more, which only extreme parameters make, the first. */
export const MOVES_MAX = 4_096
const answered = slotNumber.describe(
  "the hub's last slot when it answered: windows that the answer opens begin there",
)

export const role = z.enum(['plan', 'result', 'challenge'])
export type Role = z.output<typeof role>

/** Who was not seated although it was drawn, and why. */
const skip = z.strictObject({ did, why: z.enum(['stake', 'cap-org', 'cap-asn', 'cap-region', 'excluded']) })

/** What a draw came to. `next` is where the order of the role goes on. */
const drawn = {
  slot: slotNumber.describe('slot whose roster and beacon it rests on'),
  seed: hash32.describe("seed of the role's order"),
  roster: hash32.describe('root of the roster'),
  seats: dids,
  skips: list(skip, SEATS_MAX),
  relaxed: list(z.enum(['region', 'asn', 'org']), 3),
  used_up: z.boolean().describe('the order has nobody left'),
}

function effect<const Kind extends string, const Shape extends z.core.$ZodLooseShape>(
  kind: Kind,
  shape: Shape,
) {
  return z.strictObject({ v: z.literal(1), kind: z.literal(kind), need: idLink, ...shape })
}

/**
 * Hub to bucket. `reserved`, `seated`, `bonded`, `refilled` and `paid` answer and are not answered; `reviewed` and `fence`
 * are acts of governance, and the latter concerns the whole bucket.
 */
const toBucketSchema = z.discriminatedUnion('kind', [
  effect('open', {
    envelope: envelopeField.describe('the NEED'),
    bucket: bucketNumber,
    slot: slotNumber.describe('slot in which it was escrowed'),
    beacon: hash32.describe('the second after it: bucket and seeds follow from it'),
    eligible: count.describe('verifiers that may sit'),
    bootstrap: z.boolean(),
    k_plan: integer(1, SEATS_MAX),
    k_result: integer(1, SEATS_MAX),
    fee: micro.describe('per seat'),
    lock: micro.describe('of a seat'),
    capsule: text(0, 128).describe('CID of the policy capsule; empty where the network has none'),
    parameters: z.record(text(1, 64), z.union([count, micro])).describe('in force, in full'),
    deadline: timeMs.describe('slot time'),
    plan: z.strictObject(drawn),
    result: z.strictObject(drawn).exactOptional().describe('class simple: seats of attempt 0'),
  }),
  effect('reserved', { slot: answered, bid_round: attempt, refused: dids }),
  effect('seated', {
    role,
    attempt,
    challenge: idLink.exactOptional(),
    wave: integer(0, SEATS_MAX),
    answered,
    ...drawn,
  }),
  effect('bonded', { slot: answered, challenge: idLink, bonded: z.boolean() }),
  effect('refilled', { slot: answered, attempt, refilled: z.boolean(), amount: micro }),
  effect('reviewed', {
    slot: answered,
    challenge: idLink,
    outcome: z.enum(['upheld', 'rejected']),
  }),
  effect('paid', {
    moves: list(z.strictObject({ to: text(1, 128), amount: micro, what: text(1, 32) }), MOVES_MAX),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('fence'),
    bucket: bucketNumber,
    slot: answered,
    reason: text(0, 256),
  }),
])

/** Reasons of a slash. Source: economy.md, "Stake and slashing". */
const slashReason = z.enum([
  'wrong-verdict',
  'silent-seat',
  'unrevealed-verdict',
  'missed-beat',
  'late-yield',
  'unrevealed-plan',
  'rejected-result',
  'policy-violation',
  'equivocation',
])

/** Bucket to hub. */
const toHubSchema = z.discriminatedUnion('kind', [
  effect('reserve', {
    bid_round: attempt,
    bids: list(z.strictObject({ bidder: did, proposal: idLink, bond: micro }), 64),
  }),
  effect('draw', {
    role,
    attempt,
    challenge: idLink.exactOptional(),
    wave: integer(0, SEATS_MAX),
    count: integer(1, SEATS_MAX),
    exclude: dids,
  }),
  effect('slash', {
    account: did,
    role: role.or(z.literal('worker')),
    attempt,
    reason: slashReason,
    ppm: ppm.describe("of the worker's bond or the verifier's stake"),
    times: integer(1, 1_000).describe('missed beats'),
    whole_lock: z.boolean().describe("the seat's lock too"),
    challenger: did.exactOptional(),
    evidence: idLink.describe('id of the entry or envelope that proves it'),
  }),
  effect('unlock', {
    account: did,
    role: role.or(z.literal('worker')),
    attempt,
    unclaimed: z.boolean().exactOptional().describe('worker: it let its claim window go by'),
  }),
  effect('bond', { challenge: idLink, envelope: envelopeField.describe('CHALLENGE_COMMIT') }),
  effect('challenge-end', {
    challenge: idLink,
    challenger: did,
    attempt,
    outcome: z.enum(['upheld', 'rejected', 'withdrawn', 'void']),
    answered: dids.describe('challenge seats that are paid'),
    honest: dids.describe('upheld: seats that had not accepted'),
    silent: dids,
  }),
  effect('refill', {
    attempt,
    seats: integer(1, SEATS_MAX),
    wrong: dids.describe('seats that had accepted'),
  }),
  effect('end', {
    outcome: z.enum(['settled', 'cancelled', 'expired', 'split']),
    worker: did.exactOptional(),
    price: micro.describe('0 where nobody is paid for the work'),
    answered: list(z.strictObject({ role, attempt, seats: dids }), 256).describe(
      'who earns the fee of a seat',
    ),
    silent: list(z.strictObject({ role, attempt, seats: dids }), 256),
    confirmed: dids.describe('seats whose verdict stood, for reputation'),
    envelopes: hash32.describe('root over the ids and signed forms of all envelopes of the history'),
    head: hash32.describe("the need's chain head after the entry"),
  }),
])

const compiledToBucket = z.compile(toBucketSchema)
const compiledToHub = z.compile(toHubSchema)

export type ToBucket = z.output<typeof toBucketSchema>
/** Those that concern one need. */
export type NeedEffect = Exclude<ToBucket, { kind: 'fence' }>
export type ToBucketOf<Kind extends ToBucket['kind']> = Extract<ToBucket, { kind: Kind }>
export type ToHub = z.output<typeof toHubSchema>
export type ToHubOf<Kind extends ToHub['kind']> = Extract<ToHub, { kind: Kind }>

export function encodeEffect(asked: ToBucket | ToHub): Uint8Array {
  return encodeDagCbor(asked)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeToBucket(bytes: Uint8Array): Result<ToBucket, Rejection> {
  const decoded = decodeKept(bytes, { bytesMax: EFFECT_BYTES_MAX })
  return decoded.ok
    ? (checkSchema(compiledToBucket, decoded.value, '') as Result<ToBucket, Rejection>)
    : decoded
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeToHub(bytes: Uint8Array): Result<ToHub, Rejection> {
  const decoded = decodeKept(bytes, { bytesMax: EFFECT_BYTES_MAX })
  return decoded.ok ? (checkSchema(compiledToHub, decoded.value, '') as Result<ToHub, Rejection>) : decoded
}
