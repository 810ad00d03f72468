/**
 * What a voter proposes to a bucket: one need's command, in canonical dag-cbor. The bucket's machine checks all of it,
 * signatures included. Source: lifecycle.md, "Entries of a need".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { certificateTuple } from '../certificate/certificate.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import { did, idLink } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { bucketNumber, chainHead, envelopeField, envelopes, fenceEpoch, slotNumber } from './fields.ts'
import { fenceRaises, haveStatements, seenStatements } from './statements.ts'

/** An entry carries what up to 1,024 seats said. */
export const COMMAND_BYTES_MAX = 1_048_576
const COMMAND_ITEMS_MAX = 262_144

function entry<const Kind extends string, const Shape extends z.core.$ZodLooseShape>(
  kind: Kind,
  shape: Shape,
) {
  return z.strictObject({
    v: z.literal(1),
    kind: z.literal(kind),
    need: idLink,
    prev: chainHead,
    slot: slotNumber,
    by: did.describe('the voter that proposes it'),
    ...shape,
  })
}

const commandSchema = z.discriminatedUnion('kind', [
  entry('cancel', { envelope: envelopeField }),
  entry('close', { proposals: envelopes, seen: seenStatements, have: haveStatements }),
  entry('pass', { proposal: idLink, verdicts: envelopes, seen: seenStatements }),
  entry('decide', {
    proposal: idLink,
    reveal: envelopes.max(1).describe('REVEAL_PLAN; none where the PROPOSE showed its plan'),
    verdicts: envelopes,
    fence_epoch: fenceEpoch,
  }),
  entry('claim', { envelope: envelopeField }),
  entry('lapse', { seen: seenStatements, carried: envelopes }),
  entry('yield', { envelope: envelopeField }),
  entry('release', { beats: envelopes, seen: seenStatements, carried: envelopes }),
  entry('commit', { envelope: envelopeField, have: haveStatements }),
  entry('reveal', { commitments: envelopes, seen: seenStatements }),
  entry('wave', {
    role: z.enum(['plan', 'result', 'challenge']),
    challenge: idLink.exactOptional(),
    verdicts: envelopes,
    seen: seenStatements,
  }),
  entry('finalize', { verdicts: envelopes }),
  entry('reject', { verdicts: envelopes }),
  entry('challenge', { envelope: envelopeField.describe('CHALLENGE_COMMIT, then CHALLENGE') }),
  entry('void-challenge', { challenge: idLink, seen: seenStatements, carried: envelopes }),
  entry('verdict', { challenge: idLink, verdicts: envelopes.describe('VERDICTs, or one WITHDRAW') }),
  entry('invalidate', { challenge: idLink }),
  entry('settle', {}),
  entry('expire', { seen: seenStatements, carried: envelopes }),
  entry('split', { seen: seenStatements, carried: envelopes }),
  entry('cert', { certificate: certificateTuple }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('fence'),
    bucket: bucketNumber,
    slot: slotNumber,
    by: did,
    raises: fenceRaises,
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('lead').describe('a leader begins: nobody is late for the time without one'),
    bucket: bucketNumber,
    slot: slotNumber,
    by: did,
  }),
])

const compiled = z.compile(commandSchema)

export type BucketCommand = z.output<typeof commandSchema>
export type BucketCommandKind = BucketCommand['kind']
export type BucketCommandOf<Kind extends BucketCommandKind> = Extract<BucketCommand, { kind: Kind }>

export function encodeBucketCommand(command: BucketCommand): Uint8Array {
  return encodeDagCbor(command)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; envelopes and statements in it are not judged yet. */
export function decodeBucketCommand(encoded: Uint8Array): Result<BucketCommand, Rejection> {
  const decoded = decodeKept(encoded, { bytesMax: COMMAND_BYTES_MAX, itemsMax: COMMAND_ITEMS_MAX })
  return decoded.ok ? (checkSchema(compiled, decoded.value, '') as Result<BucketCommand, Rejection>) : decoded
}
