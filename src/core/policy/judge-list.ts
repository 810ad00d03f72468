import type { Sha256 } from '../../ports/crypto.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import type { CheckedCapsule } from './capsule-check.ts'
import { type Judgement, judge } from './gates.ts'

/**
 * A capsule's word on a list of inputs (canonical dag-cbor), one for each, in order: decision, digest and gas. At once
 * and on this thread: what a replicated state machine and a replay ask. A function of the capsule and each input
 * alone, so every node gets the same, however the list is cut. Faults `policy-engine`.
 */
export function judgeList(
  { cid, module, gasMax }: CheckedCapsule,
  inputs: readonly Uint8Array[],
  sha256: Sha256,
): readonly Judgement[] {
  const evaluations = module.evaluateList(inputs, gasMax)
  const capsule = { cid, engineHash: module.hash }
  return inputs.map((input, at) => judge(capsule, input, evaluations[at] as Evaluation, sha256))
}
