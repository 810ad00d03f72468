import { assert } from '../../model/fault.ts'
import type { PublicKey, SecretKey, Signature } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { SignatureCheck } from '../../ports/second-opinion.ts'
import { concatBytes } from '../bytes.ts'
import { type CID, isId } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { SIGNATURE_BYTES } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { SIGNED_TYPES, type SignedBody, type SignedTypeName } from './table.ts'

/** How a signature is judged: `verify` or `verifyFast` of the port, whose refusals mean different things. */
export type CheckSignature = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean

/**
 * What is signed: ASCII `canswarm/<type>/<version>`, a zero byte, the 36 bytes of the genesis CID, and the body in
 * canonical dag-cbor. No name holds a zero byte and the CID has one length, so two different statements never
 * have the same bytes. Asserts that `net` is the CID of a genesis. Source: protocol.md, "Signed types".
 */
export function signedBytes(type: SignedTypeName, net: CID, body: Uint8Array): Uint8Array {
  assert(isId(net), 'a network is named by the CID of its genesis')
  return concatBytes(HEADS[type], net.bytes, body)
}

const HEADS = Object.fromEntries(
  Object.entries(SIGNED_TYPES).map(([type, { version }]) => [
    type,
    new TextEncoder().encode(`canswarm/${type}/${version}\0`),
  ]),
) as Readonly<Record<SignedTypeName, Uint8Array>>

/** Signs a body of ours. Asserts that it has its type's form. */
export function signStatement<Type extends SignedTypeName>(
  crypto: Pick<Crypto, 'sign'>,
  type: Type,
  net: CID,
  secret: SecretKey,
  body: SignedBody<Type> & Ipld,
): Signature {
  assert(SIGNED_TYPES[type].body.validate(body), `what is signed as ${type} has its form`)
  return crypto.sign(secret, signedBytes(type, net, encodeDagCbor(body)))
}

/**
 * The body, typed, when it has its type's form and `key` signed it for this network. Rejects MALFORMED or
 * TOO_LARGE for the form, BAD_SIGNATURE else: with `verifyFast` as the check that is no last word. Whether `key`
 * is the one that the body names is for the caller to know.
 */
export function verifyStatement<Type extends SignedTypeName>(
  check: CheckSignature,
  type: Type,
  net: CID,
  key: PublicKey,
  body: Ipld,
  signature: Uint8Array,
): Result<SignedBody<Type>, Rejection> {
  const formed = checkSchema(SIGNED_TYPES[type].body, body, 'body')
  if (!formed.ok) return formed
  const question = signatureCheck(type, net, key, body, signature)
  return signature.length === SIGNATURE_BYTES && check(key, question.message, signature)
    ? ok(formed.value as SignedBody<Type>)
    : reject('BAD_SIGNATURE', `not signed by the key as ${type} of this network`, 's')
}

/** The question whether `key` signed this, for who asks it later or elsewhere. */
export function signatureCheck(
  type: SignedTypeName,
  net: CID,
  key: PublicKey,
  body: Ipld,
  signature: Uint8Array,
): SignatureCheck {
  return { key, message: signedBytes(type, net, encodeDagCbor(body)), signature }
}
