import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { SignatureCheck } from '../../ports/second-opinion.ts'
import type { CID } from '../cid.ts'
import type { AcceptedKeys } from '../did/accepted-keys.ts'
import { type CheckSignature, signatureCheck } from '../signed/statement.ts'
import { delegationCovers, type SigningDelegation } from './delegation.ts'
import type { RootSignature } from './root-signature.ts'
import type { VerifiedRoots } from './verified-roots.ts'

/** What judging signatures needs to know of the world. */
export interface VerifyContext {
  /** CID of the genesis. */
  readonly net: CID
  readonly sha256: Sha256
  readonly keys: Pick<AcceptedKeys, 'ofDid'>
  readonly verifiedRoots: VerifiedRoots
  /** Verified delegations that are known from this agent to this node. */
  readonly delegationsOf: (agent: Did, node: Did) => readonly SigningDelegation[]
  /** Slot time, milliseconds: delegations have a term. */
  readonly atMs: number
}

/**
 * What the fast path of the crypto port can say. `undecided`: it refused the signature, which decides nothing
 * (protocol.md, "Identity"). `check` then goes to the second opinion, and its answer to `settle`.
 */
export type FastVerdict<Value> =
  | { readonly kind: 'valid'; readonly value: Value }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  | {
      readonly kind: 'undecided'
      readonly check: SignatureCheck
      readonly settle: (isAccepted: boolean) => Result<Value, Rejection>
    }

/** Whether `signer` signed the root; then `grant` has the last word, and a good root is remembered. */
export function judgeRoot<Value>(
  signer: Did,
  signature: RootSignature,
  context: VerifyContext,
  check: CheckSignature,
  grant: () => Result<Value, Rejection>,
): FastVerdict<Value> {
  const { net, keys, verifiedRoots } = context
  const identity = keys.ofDid(signer)
  if (!identity.ok) return { kind: 'refused', rejection: identity.error }
  if (verifiedRoots.has(net, signer, signature)) return firstWord(grant())
  const { root, s } = signature
  const question = signatureCheck('envelope-batch-root', net, identity.value.key, root, s)
  const settle = (isAccepted: boolean): Result<Value, Rejection> => {
    if (!isAccepted) return reject('BAD_SIGNATURE', `${signer} did not sign this root`, 's')
    verifiedRoots.add(net, signer, signature)
    return grant()
  }
  return check(question.key, question.message, question.signature)
    ? firstWord(settle(true))
    : { kind: 'undecided', check: question, settle }
}

function firstWord<Value>(result: Result<Value, Rejection>): FastVerdict<Value> {
  return result.ok ? { kind: 'valid', value: result.value } : { kind: 'refused', rejection: result.error }
}

/** What a check that is the rule itself says: where it refused, nothing is left to ask. */
export function lastWord<Value>(verdict: FastVerdict<Value>): Result<Value, Rejection> {
  switch (verdict.kind) {
    case 'valid':
      return ok(verdict.value)
    case 'refused':
      return err(verdict.rejection)
    case 'undecided':
      return verdict.settle(false)
    default:
      return verdict satisfies never
  }
}

/** Whether the sender signed itself, or a delegation that is known covers `by` now. */
export function maySign(sender: Did, by: Did | undefined, context: VerifyContext): boolean {
  if (by === undefined) return true
  return context
    .delegationsOf(sender, by)
    .some((delegation) => delegationCovers(delegation, sender, by, context.atMs))
}

/** BAD_SIGNATURE. Unlike every other refusal of a signature it can change: with time, or once more is known. */
export function notDelegated(sender: Did): Rejection {
  return reject('BAD_SIGNATURE', `no delegation of ${sender} covers the signer now`, 'sig.by').error
}
