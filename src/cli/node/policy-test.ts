import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConformanceCase } from '../../codec/capsule/case.ts'
import { type CaseOutcome, runCases } from '../../core/policy/conformance.ts'
import { caseFileText, parseCaseFile } from '../../node/policy/case-file.ts'
import { hasRegoTests, testRego } from '../../node/policy/compile.ts'
import { POLICY_FILE } from '../../node/policy/files.ts'
import { findOpa } from '../../node/policy/opa.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { unwrap } from '../failure.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { NETWORK_OPTION, POLICY_ARGUMENT, withPolicy } from './policy-use.ts'

export const policyTest = defineCommand({
  path: 'policy test',
  about: "Run a policy's conformance cases, and its Rego tests where OPA is",
  examples: ['canswarm policy test default', 'canswarm policy test my-policy --record'],
  arguments: [POLICY_ARGUMENT],
  options: {
    record: { type: 'boolean', about: `write the gas of each case into ${POLICY_FILE.cases} of the folder` },
    ...NETWORK_OPTION,
  },
  async run(context, [path], { record, network }) {
    const rego = testedRego(path, context.env)
    let withoutGasYet = 0
    const outcomes = await withPolicy(context, path, network, async (policy, source) => {
      const cases = source.cases.map((one) => ({ ...one, gas: one.gas ?? 0 }))
      const ran = runCases(cases, policy.module, policy.gasMax)
      const unrun = new Set(source.cases.filter(({ gas }) => gas === undefined).map(({ id }) => id))
      withoutGasYet = record ? 0 : unrun.size
      return ran.map((one) => (unrun.has(one.id) || record ? withoutGas(one) : one))
    })
    const failed = outcomes.filter(({ difference }) => difference !== undefined)
    if (record && failed.length === 0) recordGas(path, outcomes)
    const passed = outcomes.length - failed.length
    const data = {
      passed,
      failed: failed.length,
      recorded: record && failed.length === 0,
      rego: rego === undefined ? null : { passed: rego.ok, report: rego.report },
      cases: outcomes.map(({ id, gas, decision, difference }) => ({
        id,
        gas,
        decision,
        difference: difference ?? null,
      })),
    }
    const rows = outcomes.map(({ id, gas, decision, difference }) => [
      id,
      decision.allow ? 'allow' : 'deny',
      String(gas),
      difference === undefined ? 'passed' : `FAILED: ${difference}`,
    ])
    const summary = `${passed} passed, ${failed.length} failed`
    const text = [
      table(['case', 'decision', 'gas', 'result'], rows),
      ...(rego === undefined ? [] : [rego.report]),
      summary,
    ]
    return report('canswarm.policy.test/1', data, text.join('\n'), {
      exit: failed.length > 0 || rego?.ok === false ? EXIT.failed : EXIT.done,
      notes: notesOf(path, rego !== undefined, outcomes.length, withoutGasYet),
    })
  },
})

/** A case that has no gas yet is held against its decision alone. */
function withoutGas(outcome: CaseOutcome): CaseOutcome {
  return outcome.difference?.startsWith('used ') === true ? { ...outcome, difference: undefined } : outcome
}

function testedRego(path: string, env: Readonly<Record<string, string | undefined>>) {
  const opa = hasRegoTests(path) ? findOpa(env) : undefined
  return opa === undefined ? undefined : testRego(opa, path)
}

function recordGas(folder: string, outcomes: readonly CaseOutcome[]): void {
  const file = join(folder, POLICY_FILE.cases)
  const written = unwrap(parseCaseFile(readFileSync(file, 'utf8')), file)
  const gas = new Map(outcomes.map((one) => [one.id, one.gas]))
  const cases: ConformanceCase[] = written.map((one) => ({ ...one, gas: gas.get(one.id) ?? 0 }))
  writeFileSync(file, caseFileText(cases))
}

function notesOf(path: string, ranRego: boolean, cases: number, withoutGasYet: number): string[] {
  return [
    ...(hasRegoTests(path) && !ranRego ? ['the Rego tests were not run: there is no OPA here'] : []),
    ...(withoutGasYet > 0
      ? [`${withoutGasYet} cases say no gas yet: --record writes what they used, and then they can be signed`]
      : []),
    ...(cases === 0 ? ['there are no cases: nothing is known of what it decides'] : []),
  ]
}
