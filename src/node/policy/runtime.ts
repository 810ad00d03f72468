import { openOpaEngine } from '../../adapters/opa-wasm/engine.ts'
import { meterPolicy } from '../../core/policy/meter-policy.ts'
import type { PolicyEngine } from '../../ports/policy-engine.ts'
import { offline } from '../offline.ts'

/** The policy runtime of this process: OPA's modules, metered. The caller closes it. */
export function openPolicyEngine(): PolicyEngine {
  return openOpaEngine({ meter: meterPolicy, sha256: offline.crypto.sha256 })
}
