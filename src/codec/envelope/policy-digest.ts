import type { Sha256 } from '../../ports/crypto.ts'
import type { CID } from '../cid.ts'
import { hashDagCbor } from '../dag-cbor/encode.ts'

/**
 * Names one policy evaluation: 32 bytes, `digest` of a body. `input` and `decision` are the CIDs of what the policy
 * read and said, in dag-cbor; `policyEngineHash` is the SHA-256 of the capsule's WebAssembly. Source: policy.md.
 */
export function policyDigest(
  input: CID,
  decision: CID,
  policyEngineHash: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  return hashDagCbor(['canswarm/policy-digest/1', input, decision, policyEngineHash], sha256)
}
