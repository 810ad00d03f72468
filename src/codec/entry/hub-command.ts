/**
 * What is proposed to the hub (the system group), in canonical dag-cbor. Source: consensus.md, "Time and chance",
 * "Fence epochs, generations"; economy.md, "Ledger", "Stake and slashing", "Registry, … governance".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import type { Ipld } from '../ipld.ts'
import {
  bytes,
  count,
  did,
  hash32,
  idLink,
  integer,
  list,
  micro,
  microMoved,
  name,
  text,
} from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { COMMAND_BYTES_MAX } from './bucket-command.ts'
import { bucketNumber, envelopeField, slotNumber, statement } from './fields.ts'
import { chainAnchorBody, clockReadings } from './statements.ts'

/**
 * One act of governance. `nonce` makes two acts with the same words two; it counts once. Signed as `governance-vote`
 * by the keys that genesis names, three fifths of them.
 */
export const governanceBody = z.strictObject({
  v: z.literal(1),
  nonce: count,
  act: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mint'), to: did, amount: microMoved }),
    z.strictObject({
      kind: z.literal('parameters'),
      changes: z.record(name.or(text(1, 64)), z.union([count, micro])),
    }),
    z.strictObject({ kind: z.literal('attestors'), attestors: list(did, 64) }),
    z.strictObject({
      kind: z.literal('capsule'),
      capsule: text(1, 128),
      from: slotNumber,
      until: slotNumber,
    }),
    z.strictObject({ kind: z.literal('pause'), paused: z.boolean() }),
    z.strictObject({
      kind: z.literal('fence').describe("raises a bucket's fence epoch"),
      bucket: bucketNumber,
      reason: text(0, 256),
    }),
    z.strictObject({
      kind: z.literal('review').describe('what people came to about a challenge in review'),
      need: idLink,
      challenge: idLink,
      outcome: z.enum(['upheld', 'rejected']),
    }),
  ]),
})

/** Signatures under one act, each by a key of genesis. */
export const governanceVotes = list(z.strictObject({ voter: did, s: bytes(64, 64) }), 64, 1)

const EVIDENCE_BYTES_MAX = 131_072

const commandSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('slot'),
    n: slotNumber,
    readings: clockReadings,
    link: hash32.exactOptional().describe('next link of the chain of the voter whose turn it is'),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('envelope'),
    slot: slotNumber,
    envelope: envelopeField.describe("a NEED, the CANCEL of one that waits, or an account's verb"),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('chain'),
    statement: statement(chainAnchorBody),
  }),
  z.strictObject({ v: z.literal(1), kind: z.literal('leave-bootstrap'), slot: slotNumber }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('govern'),
    slot: slotNumber,
    body: governanceBody,
    votes: governanceVotes,
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('evidence'),
    slot: slotNumber,
    what: z.enum(['double-signing', 'equivocation', 'related-parties']),
    evidence: bytes(1, EVIDENCE_BYTES_MAX),
    reporter: z
      .strictObject({ did, s: bytes(64, 64).describe('over what is reported, as `evidence-report`') })
      .exactOptional()
      .describe("gets a challenger's part; without one it burns"),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('age').describe('reputation and recency by time, for a bounded number of accounts'),
    slot: slotNumber,
    limit: integer(1, 1_024),
  }),
])

const compiled = z.compile(commandSchema)
const compiledBody = z.compile(governanceBody)

export type HubCommand = z.output<typeof commandSchema>
export type HubCommandKind = HubCommand['kind']
export type HubCommandOf<Kind extends HubCommandKind> = Extract<HubCommand, { kind: Kind }>
/**
 * What a reporter signs, as type `evidence-report`: nobody is made a reporter without having said so, and a signature is good
 * for this very evidence alone.
 */
export function evidenceReport(
  { what, evidence }: Pick<HubCommandOf<'evidence'>, 'what' | 'evidence'>,
  sha256: Sha256,
): Ipld {
  return { v: 1, what, evidence: sha256(evidence) }
}

export type GovernanceBody = z.output<typeof governanceBody>
export type GovernanceVote = z.output<typeof governanceVotes>[number]

/** An act as state keeps it. Rejects as any decoding. */
export function decodeGovernanceBody(encoded: Uint8Array): Result<GovernanceBody, Rejection> {
  const decoded = decodeKept(encoded, { bytesMax: COMMAND_BYTES_MAX })
  return decoded.ok
    ? (checkSchema(compiledBody, decoded.value, '') as Result<GovernanceBody, Rejection>)
    : decoded
}

export function encodeHubCommand(command: HubCommand): Uint8Array {
  return encodeDagCbor(command)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; envelopes and statements in it are not judged yet. */
export function decodeHubCommand(encoded: Uint8Array): Result<HubCommand, Rejection> {
  const decoded = decodeKept(encoded, { bytesMax: COMMAND_BYTES_MAX })
  return decoded.ok ? (checkSchema(compiled, decoded.value, '') as Result<HubCommand, Rejection>) : decoded
}
