import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { BodyDraft } from './body.ts'
import { policyInput } from './draft-body.ts'
import { policyDigest } from './policy-digest.ts'

/** Stands for the capsule where no policy applies: the CID of dag-cbor null. A network with a capsule refuses it. */
export function noCapsule(sha256: Sha256): CID {
  return cidOf(encodeDagCbor(null), sha256)
}

/** Digest of "nothing was evaluated": decision null, engine hash of 32 zero bytes. */
export function noPolicyDigest(draft: BodyDraft, sha256: Sha256): Uint8Array {
  const input = cidOf(encodeDagCbor(policyInput(draft)), sha256)
  return policyDigest(input, noCapsule(sha256), new Uint8Array(32), sha256)
}
