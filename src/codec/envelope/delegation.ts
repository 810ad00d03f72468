import * as z from 'zod'
import type { Did, SecretKey, Signature } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { CID } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeFormed } from '../decode-formed.ts'
import type { AcceptedKeys } from '../did/accepted-keys.ts'
import { signature } from '../payload/fields.ts'
import { signingDelegationBody } from '../signed/bodies.ts'
import { type CheckSignature, signStatement, verifyStatement } from '../signed/statement.ts'
import type { SignedBody } from '../signed/table.ts'

/**
 * An agent lets a node sign its batches from `from` up to `until`, not included, in milliseconds of slot time.
 * Source: protocol.md, "Envelope" (`by`); architecture.md, "Batching".
 */
export type SigningDelegation = Readonly<SignedBody<'signing-delegation'>>

/** As it travels and is exported: { body, s }, the agent's signature. */
export interface SignedDelegation {
  readonly body: SigningDelegation
  readonly s: Signature
}

const DELEGATION_BYTES_MAX = 1_024

const delegationSchema = z.strictObject({
  body: signingDelegationBody,
  s: signature,
})

/** `secret` is the agent's. Asserts a term that is not empty and a node other than the agent. */
export function signDelegation(
  crypto: Pick<Crypto, 'sign'>,
  net: CID,
  secret: SecretKey,
  body: SigningDelegation,
): SignedDelegation {
  return { body, s: signStatement(crypto, 'signing-delegation', net, secret, body) }
}

export function encodeDelegation({ body, s }: SignedDelegation): Uint8Array {
  return encodeDagCbor({ body, s })
}

/** Says nothing of the signature. Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeDelegation(bytes: Uint8Array): Result<SignedDelegation, Rejection> {
  return decodeFormed(delegationSchema, bytes, { bytesMax: DELEGATION_BYTES_MAX }, '')
}

/** The delegation, when its agent signed it for this network. Rejects BAD_KEY, BAD_SIGNATURE. */
export function verifyDelegation(
  check: CheckSignature,
  keys: Pick<AcceptedKeys, 'ofDid'>,
  net: CID,
  { body, s }: SignedDelegation,
): Result<SigningDelegation, Rejection> {
  const agent = keys.ofDid(body.agent)
  if (!agent.ok) return agent
  const verified = verifyStatement(check, 'signing-delegation', net, agent.value.key, body, s)
  return verified.ok ? ok(body) : verified
}

/** Whether `by` may sign for `sender` at that slot time. */
export function delegationCovers(
  { agent, node, from, until }: SigningDelegation,
  sender: Did,
  by: Did,
  atMs: number,
): boolean {
  return agent === sender && node === by && from <= atMs && atMs < until
}
