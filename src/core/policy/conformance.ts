import type { ConformanceCase } from '../../codec/capsule/case.ts'
import { type Decision, type Denial } from '../../codec/capsule/decision.ts'
import type { Evaluation, PolicyModule } from '../../ports/policy-engine.ts'
import { explain } from './explain.ts'
import { inputBytes } from './input.ts'
import { verdictOf } from './verdict.ts'

/** One case as this node ran it. */
export interface CaseOutcome {
  readonly id: string
  readonly gas: number
  readonly decision: Decision
  /** How it differs from what the case says; undefined: it passed. */
  readonly difference: string | undefined
}

/** Runs cases and holds each against what it says: decision and gas, both exactly. Source: policy.md ("Capsule"). */
export function runCases(
  cases: readonly ConformanceCase[],
  module: PolicyModule,
  gasMax: number,
): readonly CaseOutcome[] {
  const evaluations = module.evaluateList(
    cases.map(({ input }) => inputBytes(input)),
    gasMax,
  )
  return cases.map((expected, at) => judgeCase(expected, evaluations[at] as Evaluation))
}

function judgeCase(expected: ConformanceCase, evaluation: Evaluation): CaseOutcome {
  const { decision, gas } = verdictOf(evaluation)
  return { id: expected.id, gas, decision, difference: differenceOf(expected, decision, gas) }
}

function differenceOf(expected: ConformanceCase, decision: Decision, gas: number): string | undefined {
  if (!sameDecision(expected.decision, decision)) {
    return `decided ${textOf(decision)}, expected ${textOf(expected.decision)}`
  }
  return gas === expected.gas ? undefined : `used ${gas} gas, expected ${expected.gas}`
}

function textOf(decision: Decision): string {
  return decision.allow ? 'allow' : `deny (${explain(decision)})`
}

/** Denials of both stand in one order. */
function sameDecision(a: Decision, b: Decision): boolean {
  if (a.allow !== b.allow || a.denials.length !== b.denials.length) return false
  return a.denials.every((denial, at) => sameDenial(denial, b.denials[at] as Denial))
}

function sameDenial(a: Denial, b: Denial): boolean {
  return a.rule === b.rule && a.field === b.field && a.limit === b.limit
}
