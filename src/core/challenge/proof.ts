import type { Payload } from '../../codec/payload/verbs.ts'
import type { Micro } from '../../model/micro.ts'
import type { Parameters } from '../../model/parameters.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { ProofType, TaskClass } from '../../model/task.ts'
import { challengeBond } from '../market/bounds.ts'

const PROOF_TYPES: readonly ProofType[] = [
  'SCHEMA_VIOLATION',
  'MISSING_CITATION',
  'SEMANTIC_CONTRADICTION',
  'OUTPUT_MISMATCH',
  'POLICY_BREACH',
]

/** The smallest bond of any proof in this class: what a commitment that shows no proof yet must state. */
export function leastBond(taskClass: TaskClass, parameters: Parameters): Micro {
  const bonds = PROOF_TYPES.map((type) => challengeBond(type, taskClass, parameters))
  return bonds.reduce((least, bond) => (bond < least ? bond : least))
}

/**
 * Whether a CHALLENGE keeps to the bounds. Rejects INSUFFICIENT_FUNDS for a bond under that of its proof type, TOO_LARGE for a
 * proof of more bytes than allowed, GAS_EXCEEDED for a predicate that asks for more gas; to do the work again costs what the
 * NEED allows. Source: economy.md, "Challenges".
 */
export function judgeProof(
  { proof_type, proof }: Payload<'CHALLENGE'>,
  bond: Micro,
  taskClass: TaskClass,
  parameters: Parameters,
): Rejection | undefined {
  const least = challengeBond(proof_type, taskClass, parameters)
  if (bond < least) return reject('INSUFFICIENT_FUNDS', `${proof_type} bonds ${least}, not ${bond}`).error
  const { proofBytesMax, proofGasMax } = parameters
  if (proof.size_bytes > proofBytesMax) {
    return reject('TOO_LARGE', `a proof has at most ${proofBytesMax} bytes`, 'proof.size_bytes').error
  }
  return proof_type !== 'OUTPUT_MISMATCH' && proof.gas_estimate > proofGasMax
    ? reject('GAS_EXCEEDED', `a proof takes at most ${proofGasMax} gas`, 'proof.gas_estimate').error
    : undefined
}
