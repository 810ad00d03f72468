import { type Capsule, POLICY_SCHEMA } from '../../codec/capsule/capsule.ts'
import { type ConformanceCase, caseCid } from '../../codec/capsule/case.ts'
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { PolicyModule } from '../../ports/policy-engine.ts'

/** What an author says of a capsule; all else follows from the module and its cases. */
export interface CapsuleParts {
  readonly label: string
  readonly author: Did
  readonly module: Pick<PolicyModule, 'hash' | 'meterVersion'>
  /** Cases that the module passed, none twice, in any order. */
  readonly cases: readonly ConformanceCase[]
  readonly gasLimit: number | undefined
}

/** A capsule of ours, to be encoded and signed. */
export function makeCapsule(
  { label, author, module, cases, gasLimit }: CapsuleParts,
  sha256: Sha256,
): Capsule {
  const vector = cases.map((one) => [one.id, caseCid(one, sha256)] as const)
  return {
    v: 1,
    label,
    policy_engine_hash: module.hash,
    schema: POLICY_SCHEMA,
    meter: module.meterVersion,
    ...(gasLimit !== undefined && { gas_limit: gasLimit }),
    conformance: vector.sort(([a], [b]) => (a < b ? -1 : 1)),
    author,
  }
}
