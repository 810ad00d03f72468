import type { Did } from '../../model/ids.ts'
import type { CID } from '../cid.ts'
import type { AcceptedKeys } from '../did/accepted-keys.ts'
import { type CheckSignature, signatureCheck } from '../signed/statement.ts'

/** True when the voter signed this root as a seal share of this network. Who asks again may remember answers. */
export type JudgeShare = (voter: Did, root: Uint8Array, signature: Uint8Array) => boolean

/** Judges by the keys that DIDs name. With `verifyFast` as the check, a refusal is no last word. */
export function shareJudge(net: CID, keys: Pick<AcceptedKeys, 'ofDid'>, check: CheckSignature): JudgeShare {
  return (voter, root, signature) => {
    const identity = keys.ofDid(voter)
    if (!identity.ok) return false
    const question = signatureCheck('seal-share', net, identity.value.key, root, signature)
    return check(question.key, question.message, question.signature)
  }
}
