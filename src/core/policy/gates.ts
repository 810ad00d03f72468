/**
 * The three places where a policy is asked. Each is a pure function of an evaluation that was made: PREFLIGHT by the
 * sender before publishing, INGRESS by everybody on what they receive, COMMIT_GATE by verifiers before ATTEST.
 * Source: policy.md ("Three gates").
 */

import { equalBytes } from '../../codec/bytes.ts'
import type { CID } from '../../codec/cid.ts'
import { cidOf } from '../../codec/cid.ts'
import { policyDigest } from '../../codec/envelope/policy-digest.ts'
import type { JournalData } from '../../codec/journal/kinds.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import { explain, explainDenial } from './explain.ts'
import { cidOfDecision, type Verdict, verdictOf } from './verdict.ts'

export type Gate = JournalData['policy']['gate']

/** One evaluation with the names of what went in and came out. */
export interface Judgement {
  readonly capsule: CID
  readonly input: CID
  readonly verdict: Verdict
  /** 32 bytes: `policyDigest` of this evaluation. */
  readonly digest: Uint8Array
}

/** What a gate needs of a capsule. */
export interface JudgingCapsule {
  readonly cid: CID
  /** `policy_engine_hash`. */
  readonly engineHash: Uint8Array
}

/** `input`: the bytes that were evaluated. */
export function judge(
  capsule: JudgingCapsule,
  input: Uint8Array,
  evaluation: Evaluation,
  sha256: Sha256,
): Judgement {
  const verdict = verdictOf(evaluation)
  const inputCid = cidOf(input, sha256)
  const digest = policyDigest(inputCid, cidOfDecision(verdict.decision, sha256), capsule.engineHash, sha256)
  return { capsule: capsule.cid, input: inputCid, verdict, digest }
}

/** The digest that the body will carry. Rejects POLICY_DENIED and GAS_EXCEEDED, with every reason. */
export function passPreflight({ verdict, digest }: Judgement): Result<Uint8Array, Rejection> {
  const denied = denialOf(verdict)
  return denied === undefined ? ok(digest) : err(denied)
}

/** What an envelope says of its own evaluation, and what its thread was opened with. */
export interface IngressClaim {
  readonly capsule: CID
  readonly digest: Uint8Array
  readonly threadCapsule: CID
}

/**
 * Rejects WRONG_CAPSULE (another than the thread's; looked at first, for then the evaluation says nothing),
 * POLICY_DENIED, GAS_EXCEEDED; POLICY_DENIED at `digest` when the sender's evaluation was another than ours.
 */
export function passIngress(judgement: Judgement, claim: IngressClaim): Result<undefined, Rejection> {
  const { capsule, verdict, digest } = judgement
  if (![claim.capsule, capsule].every(({ bytes }) => equalBytes(bytes, claim.threadCapsule.bytes))) {
    return reject(
      'WRONG_CAPSULE',
      `this thread was opened with capsule ${claim.threadCapsule.toString()}`,
      'capsule',
    )
  }
  const denied = denialOf(verdict)
  if (denied !== undefined) return err(denied)
  if (equalBytes(claim.digest, digest)) return ok(undefined)
  return reject('POLICY_DENIED', "the sender's evaluation of the policy was not this one", 'digest')
}

/** What work used. Wall time is for information and is compared with nothing. */
export interface Usage {
  readonly gas: number
  readonly bytes: number
}

/**
 * Rejects as `passPreflight`; POLICY_DENIED at `payload.telemetry.…` when the worker's claim is not what doing the
 * work again used. `used`: undefined where the work cannot be done again.
 */
export function passCommitGate(
  { verdict }: Judgement,
  claimed: Usage,
  used: Usage | undefined,
): Result<undefined, Rejection> {
  const denied = denialOf(verdict)
  if (denied !== undefined) return err(denied)
  if (used === undefined) return ok(undefined)
  for (const what of ['gas', 'bytes'] as const) {
    if (claimed[what] !== used[what]) {
      const message = `the worker says ${claimed[what]}, doing it again used ${used[what]}`
      return reject('POLICY_DENIED', message, `payload.telemetry.${what}`)
    }
  }
  return ok(undefined)
}

function denialOf({ decision, outOfGas }: Verdict): Rejection | undefined {
  if (decision.allow) return undefined
  const code = outOfGas ? 'GAS_EXCEEDED' : 'POLICY_DENIED'
  const field = decision.denials[0]?.field
  const message = explain(decision)
  return field === undefined ? { code, message } : { code, message, field }
}

/** A gate's result as the journal keeps it. Source: record.md, "Journal". */
export function journalLine(gate: Gate, judgement: Judgement, id?: EnvelopeId): JournalData['policy'] {
  const { capsule, input, verdict, digest } = judgement
  const { allow, denials } = verdict.decision
  const line = {
    gate,
    capsule: capsule.toString(),
    input: input.toString(),
    decision: allow ? ('allow' as const) : ('deny' as const),
    gas: verdict.gas,
    digest: digest.toHex() as NonNullable<JournalData['policy']['digest']>,
    reasons: denials.map(explainDenial),
  }
  return id === undefined ? line : { ...line, id }
}
