import type { Decision } from '../../codec/capsule/decision.ts'
import type { CID } from '../../codec/cid.ts'
import { explainDenial } from '../../core/policy/explain.ts'
import { networkOf } from '../../node/network.ts'
import { type UsablePolicy, usePolicy } from '../../node/policy/check-policy.ts'
import { type PolicySource, readPolicy } from '../../node/policy/files.ts'
import { openPolicyEngine } from '../../node/policy/runtime.ts'
import type { OptionSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { unwrap, usageError } from '../failure.ts'
import { parseNetwork } from './envelope-check.ts'

/** What every command takes as a policy. */
export const POLICY_ARGUMENT = {
  name: 'policy',
  about: 'a capsule file, a module (.wasm), a folder with a compiled policy, or "default"',
} as const

export const NETWORK_OPTION = {
  network: { type: 'string', value: 'CID', about: "the network that the capsule is for (else this home's)" },
} as const satisfies Record<string, OptionSpec>

/** A policy that was read and made usable, for as long as `use` runs. A capsule is checked for the network. */
export async function withPolicy<Value>(
  context: Context,
  path: string,
  network: string | undefined,
  use: (policy: UsablePolicy, source: PolicySource) => Promise<Value>,
): Promise<Value> {
  const source = unwrap(readPolicy(path), path)
  const net = source.bundle === undefined ? undefined : requiredNetwork(context, network)
  const engine = openPolicyEngine()
  try {
    return await use(unwrap(usePolicy(source, engine, net), path), source)
  } finally {
    await engine.close()
  }
}

/** Named by the caller, else the home's own. */
export function requiredNetwork(context: Context, network: string | undefined): CID {
  const net = network === undefined ? networkOf(context.home) : parseNetwork(network)
  if (net !== undefined) return net
  throw usageError('a capsule is signed for one network', 'name it with --network, or a home with --home')
}

/** `allow`, or `deny` with a line for each reason. */
export function decisionText({ allow, denials }: Decision): string {
  return allow ? 'allow' : ['deny', ...denials.map((one) => `  - ${explainDenial(one)}`)].join('\n')
}
