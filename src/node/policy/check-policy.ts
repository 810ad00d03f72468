import type { CID } from '../../codec/cid.ts'
import { type CheckedCapsule, checkCapsule } from '../../core/policy/capsule-check.ts'
import { type CaseOutcome, runCases } from '../../core/policy/conformance.ts'
import { PARAMETERS } from '../../model/parameters.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { PolicyEngine, PolicyModule } from '../../ports/policy-engine.ts'
import { offline } from '../offline.ts'
import { type PolicySource, runCasesOf } from './files.ts'

/** A policy that can be evaluated. */
export interface UsablePolicy {
  readonly module: PolicyModule
  readonly gasMax: number
  /** Cases that came with it, as they came out here. */
  readonly cases: readonly CaseOutcome[]
  /** The capsule, checked in full; undefined for a module that no capsule stands for. */
  readonly checked: CheckedCapsule | undefined
}

/** Gas of an evaluation where neither capsule nor caller says anything. */
const GAS_MAX_DEFAULT = PARAMETERS.policyGasMax.production

/**
 * Makes a policy usable: a capsule is checked as every node checks it, for the network `net`; a bare module is
 * loaded and its cases, those that have been run before, are run. Rejects as `checkCapsule` and `PolicyEngine.load`.
 */
export function usePolicy(
  source: PolicySource,
  engine: PolicyEngine,
  net: CID | undefined,
): Result<UsablePolicy, Rejection> {
  if (source.bundle !== undefined && net !== undefined) {
    const checked = checkCapsule(source.bundle, {
      crypto: offline.crypto,
      engine,
      net,
      gasMax: GAS_MAX_DEFAULT,
    })
    if (!checked.ok) return checked
    const { module, gasMax, cases } = checked.value
    return ok({ module, gasMax, cases, checked: checked.value })
  }
  const module = engine.load(source.wasm)
  if (!module.ok) return module
  const gasMax = source.settings.gas_limit ?? GAS_MAX_DEFAULT
  const known = runCasesOf(source.cases.filter(({ gas }) => gas !== undefined))
  if (!known.ok) return known
  const cases = runCases(known.value, module.value, gasMax)
  return ok({ module: module.value, gasMax, cases, checked: undefined })
}
