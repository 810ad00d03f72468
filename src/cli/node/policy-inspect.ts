import type { UsablePolicy } from '../../node/policy/check-policy.ts'
import type { PolicySource } from '../../node/policy/files.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { type Json, report } from '../report.ts'
import { fields, table } from '../table.ts'
import { decisionText, NETWORK_OPTION, POLICY_ARGUMENT, withPolicy } from './policy-use.ts'

export const policyInspect = defineCommand({
  path: 'policy inspect',
  about:
    'Check a policy as every node does, and show what it is: hash, author, imports, exports, gas of each case',
  examples: [
    'canswarm policy inspect default',
    'canswarm policy inspect my.capsule --network bafyrei… --json',
  ],
  arguments: [POLICY_ARGUMENT],
  options: { ...NETWORK_OPTION },
  async run(context, [path], { network }) {
    return await withPolicy(context, path, network, async (policy, source) => {
      const failed = policy.cases.filter(({ difference }) => difference !== undefined)
      return report('canswarm.policy.inspect/1', dataOf(policy, source), textOf(policy, source), {
        exit: failed.length > 0 ? EXIT.mismatch : EXIT.done,
      })
    })
  },
})

function dataOf({ module, gasMax, cases, checked }: UsablePolicy, { wasm }: PolicySource): Json {
  return {
    policy_engine_hash: module.hash.toHex(),
    bytes: wasm.length,
    meter: module.meterVersion,
    gas_limit: gasMax,
    host_functions: module.builtins,
    imports: module.imports,
    exports: module.exports,
    capsule: checked === undefined ? null : capsuleData(checked),
    cases: cases.map(({ id, gas, decision, difference }) => ({
      id,
      gas,
      decision,
      difference: difference ?? null,
    })),
  }
}

function capsuleData({ cid, capsule }: NonNullable<UsablePolicy['checked']>): Json {
  const { label, author, schema, gas_limit } = capsule
  return { cid: cid.toString(), label, author, schema, gas_limit: gas_limit ?? null }
}

function textOf(policy: UsablePolicy, source: PolicySource): string {
  const { module, gasMax, cases, checked } = policy
  const rows: [string, string][] = [
    ...(checked === undefined
      ? [['capsule', 'none: a module that nobody has signed'] as [string, string]]
      : capsuleRows(checked)),
    ['policy engine hash', module.hash.toHex()],
    ['bytes', String(source.wasm.length)],
    ['meter', `version ${module.meterVersion}`],
    ['gas for one envelope', String(gasMax)],
    ['functions of the host', module.builtins.join(', ') || 'none'],
    ['imports', module.imports.join(', ')],
    ['exports', module.exports.join(', ')],
  ]
  const lines = cases.map(({ id, gas, decision, difference }) => [
    id,
    String(gas),
    difference === undefined
      ? decisionText(decision)
          .replaceAll(/\n\s+- /gu, '; ')
          .replace('deny; ', 'deny: ')
      : `FAILED: ${difference}`,
  ])
  return [fields(rows), ...(lines.length === 0 ? [] : ['', table(['case', 'gas', 'decision'], lines)])].join(
    '\n',
  )
}

function capsuleRows({ cid, capsule }: NonNullable<UsablePolicy['checked']>): [string, string][] {
  return [
    ['capsule', cid.toString()],
    ['label', capsule.label],
    ['author', `${capsule.author} (signature right)`],
    ['schema', `version ${capsule.schema}`],
  ]
}
