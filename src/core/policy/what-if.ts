import type { Decision } from '../../codec/capsule/decision.ts'
import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import { explainDenial } from './explain.ts'
import { verdictOf } from './verdict.ts'

/** One envelope of a recorded thread, with what was decided of it then. */
export interface Recorded {
  readonly thread: ThreadId
  readonly id: EnvelopeId
  readonly kind: string
  /** Canonical dag-cbor. */
  readonly input: Uint8Array
  readonly allowed: boolean
  /** Reasons then, for people; none when it was allowed. */
  readonly reasons: readonly string[]
}

/** A decision that another capsule would change. */
export interface Change {
  readonly thread: ThreadId
  readonly id: EnvelopeId
  readonly kind: string
  readonly before: { readonly allow: boolean; readonly reasons: readonly string[] }
  readonly after: { readonly allow: boolean; readonly reasons: readonly string[]; readonly gas: number }
}

/**
 * Every decision that would be another, allow or deny, in the order of the record. `evaluations`: of the same
 * inputs in the same order, under the other capsule. Source: policy.md ("What-if").
 */
export function changes(
  recorded: readonly Recorded[],
  evaluations: readonly Evaluation[],
): readonly Change[] {
  return recorded.flatMap((then, at) => {
    const { decision, gas } = verdictOf(evaluations[at] as Evaluation)
    if (decision.allow === then.allowed) return []
    const { thread, id, kind, allowed, reasons } = then
    return [{ thread, id, kind, before: { allow: allowed, reasons }, after: after(decision, gas) }]
  })
}

function after({ allow, denials }: Decision, gas: number): Change['after'] {
  return { allow, reasons: denials.map(explainDenial), gas }
}
