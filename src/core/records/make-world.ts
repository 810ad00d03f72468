import type { CID } from '../../codec/cid.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { SigningDelegation } from '../../codec/envelope/delegation.ts'
import { readEnvelope } from '../../codec/envelope/single-form.ts'
import { VerifiedRoots } from '../../codec/envelope/verified-roots.ts'
import { verifyEnvelope } from '../../codec/envelope/verify-single.ts'
import type { CheckSignature } from '../../codec/signed/statement.ts'
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { World } from './world.ts'

export interface WorldParts {
  readonly net: CID
  readonly generation: number
  /** `f` of the genesis. */
  readonly liars: number
  readonly sha256: Sha256
  /** `Crypto.verify`: the rule itself. */
  readonly verify: CheckSignature
  readonly keys: Pick<AcceptedKeys, 'ofDid'>
  readonly judge: World['judge']
  /** Verified delegations that are known from an agent to a node; none where it is absent. */
  readonly delegationsOf?: (agent: Did, node: Did) => readonly SigningDelegation[]
  /** What was found good before an entry carried it; absent: nothing is known yet. */
  readonly verifiedRoots?: VerifiedRoots
}

/** The world of rules, from the pure parts that a node, a replay or a simulation has. */
export function makeWorld(parts: WorldParts): World {
  const { net, generation, liars, sha256, verify, keys, judge, delegationsOf = () => [] } = parts
  const { verifiedRoots = new VerifiedRoots() } = parts
  const context = { net, sha256, keys, verifiedRoots, delegationsOf }
  return {
    net,
    generation,
    liars,
    sha256,
    verify,
    keys,
    judge,
    openEnvelope: (field, atMs) => {
      const read = readEnvelope(field, { net, sha256 })
      return read.ok ? verifyEnvelope(read.value, { ...context, atMs }, verify) : read
    },
  }
}
