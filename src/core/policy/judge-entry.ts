import { policyInputOf } from '../../codec/envelope/policy-input.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { CheckedCapsule } from './capsule-check.ts'
import { type Judgement, passIngress } from './gates.ts'
import { judgeList } from './judge-list.ts'

/** The capsule's word on an envelope that an entry carries. */
export type JudgeEntry = (
  capsule: string,
  envelope: SingleEnvelope,
  slot: number,
) => Result<undefined, Rejection>

/**
 * Evaluates the capsule as the machine of a bucket does in `open`, `decide` and `commit`. The sender's digest is of an
 * evaluation without a slot, so both are asked: the digest must be that one's, and neither may deny. `capsules` are by
 * the text of their CID; an empty text names no capsule and allows all. Rejects WRONG_CAPSULE for one that is not
 * there or another than the envelope's, else as `passIngress`. Source: policy.md ("The policy input", "Three gates").
 */
export function entryJudge(capsules: ReadonlyMap<string, CheckedCapsule>, sha256: Sha256): JudgeEntry {
  return (text, { body, bytes }, slot) => {
    if (text === '') return ok(undefined)
    const capsule = capsules.get(text)
    if (capsule === undefined) return reject('WRONG_CAPSULE', `no capsule ${text} here`, 'capsule')
    const inputs = [policyInputOf(bytes), policyInputOf(bytes, slot)]
    const [without, within] = judgeList(capsule, inputs, sha256) as [Judgement, Judgement]
    const claim = { capsule: body.capsule, threadCapsule: capsule.cid }
    const passed = passIngress(without, { ...claim, digest: body.digest })
    return passed.ok ? passIngress(within, { ...claim, digest: within.digest }) : passed
  }
}
