import {
  type Decision,
  type Denial,
  decisionCid,
  parseDecision,
  RUNTIME_RULE,
} from '../../codec/capsule/decision.ts'
import type { CID } from '../../codec/cid.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'

/** What came of one evaluation. */
export interface Verdict {
  readonly decision: Decision
  readonly gas: number
  /** Why it was denied, when not by the policy's own word: too much gas is another refusal than a denial. */
  readonly outOfGas: boolean
}

const CLOSED = { allow: false } as const

/**
 * Reads an evaluation as a verdict. An evaluation that did not end, or that said something else than a decision,
 * is a denial by a rule of the runtime's: `runtime.gas`, `runtime.depth`, `runtime.trap`, `runtime.abort`,
 * `runtime.builtin`, `runtime.input`, `runtime.output`, `runtime.undefined`. Nothing is ever allowed by a failure.
 */
export function verdictOf(evaluation: Evaluation): Verdict {
  const { gas } = evaluation
  switch (evaluation.kind) {
    case 'decided':
      return { decision: decisionOf(evaluation.output), gas, outOfGas: false }
    case 'gas-exceeded':
      return { decision: closed('gas', { limit: gas }), gas, outOfGas: true }
    case 'failed':
      return { decision: closed(evaluation.failure), gas, outOfGas: false }
    default:
      return evaluation satisfies never
  }
}

/** Most outputs are one of a few: a policy that allows always says so in the same bytes. */
const DECISIONS = new LruMap<string, Decision>(256)
const CACHED_CHARS_MAX = 1_024

function decisionOf(output: string): Decision {
  const known = DECISIONS.get(output)
  if (known !== undefined) return known
  const decision = readOutput(output)
  if (output.length <= CACHED_CHARS_MAX) DECISIONS.set(output, decision)
  return decision
}

/** A result set of Rego: `[]` where the rule is undefined, else `[{"result": decision}]`. */
function readOutput(output: string): Decision {
  const results = parsed(output)
  if (!Array.isArray(results)) return closed('output')
  if (results.length === 0) return closed('undefined')
  const decision = parseDecision((results[0] as { readonly result?: unknown } | null)?.result, 'decision')
  return decision.ok ? decision.value : closed('output', fieldOf(decision.error.field))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what is no JSON is denied like any other wrong output
  }
}

function fieldOf(field: string | undefined): Pick<Denial, 'field'> {
  return field === undefined ? {} : { field }
}

function closed(rule: string, more: Omit<Denial, 'rule'> = {}): Decision {
  return { ...CLOSED, denials: [{ rule: `${RUNTIME_RULE}${rule}`, ...more }] }
}

/** CIDs of decisions, by the decision itself: those from the cache above are the same object each time. */
const CIDS = new WeakMap<Decision, CID>()

/** `decisionCid`, remembered. */
export function cidOfDecision(decision: Decision, sha256: Sha256): CID {
  const known = CIDS.get(decision)
  if (known !== undefined) return known
  const cid = decisionCid(decision, sha256)
  CIDS.set(decision, cid)
  return cid
}
