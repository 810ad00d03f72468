import type { CID } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { SaltOf } from '../../core/agent/work.ts'
import type { SecretKey } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/**
 * Salts that follow from the agent's secret key: nobody else can tell them from random ones, and after a restart a commitment
 * is opened without anything having been stored. Source: protocol.md, "Verbs" (ATTEST_COMMIT, REVEAL_PLAN, CHALLENGE).
 */
export function saltsOf(secret: SecretKey, net: CID, sha256: Sha256): SaltOf {
  const root = sha256(encodeDagCbor(['canswarm/salt/1', secret, net]))
  return (label) => sha256(encodeDagCbor(['canswarm/salt/1', root, label]))
}
