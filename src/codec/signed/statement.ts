import type { PublicKey, SecretKey, Signature } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { CID } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { SIGNED_TYPE, type SignedType } from './table.ts'

/** Size of every signature, in bytes. */
export const SIGNATURE_BYTES = 64

const PREFIXES = new Map<SignedType, Uint8Array>()

/**
 * What is signed: `canswarm/<type>/<version>` || 0x00 || the network's whole genesis CID || the body, which is
 * canonical dag-cbor. Type names hold no 0x00 and every CID of a network has one length, so no two different
 * (type, version, network, body) give the same bytes. Source: protocol.md, "Signed types".
 */
export function signedBytes(type: SignedType, net: CID, body: Uint8Array): Uint8Array {
  const prefix = prefixOf(type)
  const bytes = new Uint8Array(prefix.length + net.bytes.length + body.length)
  bytes.set(prefix)
  bytes.set(net.bytes, prefix.length)
  bytes.set(body, prefix.length + net.bytes.length)
  return bytes
}

function prefixOf(type: SignedType): Uint8Array {
  const known = PREFIXES.get(type)
  if (known !== undefined) return known
  const prefix = new TextEncoder().encode(`canswarm/${type}/${SIGNED_TYPE[type]}\0`)
  PREFIXES.set(type, prefix)
  return prefix
}

/** The one way to sign. `body` is encoded here, so that nothing but canonical dag-cbor is ever signed. */
export function signStatement(
  crypto: Pick<Crypto, 'sign'>,
  type: SignedType,
  net: CID,
  secret: SecretKey,
  body: Ipld,
): Signature {
  return crypto.sign(secret, signedBytes(type, net, encodeDagCbor(body)))
}

/** Judges a signature over bytes: `Crypto.verify` (the rule) or `Crypto.verifyFast` (acceptance alone). */
export type JudgeSignature = Crypto['verify']

/** True when `key` signed this body as this type in this network, by the judge's rule. Any bytes are judged. */
export function verifyStatement(
  judge: JudgeSignature,
  type: SignedType,
  net: CID,
  key: PublicKey,
  body: Uint8Array,
  signature: Uint8Array,
): boolean {
  return signature.length === SIGNATURE_BYTES && judge(key, signedBytes(type, net, body), signature)
}
