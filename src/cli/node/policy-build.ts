import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compilePolicy } from '../../node/policy/compile.ts'
import { POLICY_FILE } from '../../node/policy/files.ts'
import { findOpa, howToGetOpa } from '../../node/policy/opa.ts'
import { openPolicyEngine } from '../../node/policy/runtime.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CommandError, unwrap } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'

export const policyBuild = defineCommand({
  path: 'policy build',
  about: 'Compile the Rego of a folder into a policy module (needs OPA; running a policy does not)',
  examples: ['canswarm policy build my-policy', 'canswarm policy build my-policy --out policy.wasm'],
  arguments: [{ name: 'folder', about: 'folder with the Rego; *_test.rego is left out' }],
  options: {
    out: {
      type: 'string',
      value: 'FILE',
      about: `where to write it (else ${POLICY_FILE.module} in the folder)`,
    },
  },
  async run({ env }, [folder], { out }) {
    const opa = findOpa(env)
    if (opa === undefined) throw noOpa(env)
    const wasm = unwrap(compilePolicy(opa, folder), folder)
    const engine = openPolicyEngine()
    const { hash, builtins } = unwrap(engine.load(wasm), folder)
    await engine.close()
    const file = out ?? join(folder, POLICY_FILE.module)
    await writeFile(file, wasm)
    const data = { file, bytes: wasm.length, policy_engine_hash: hash.toHex(), host_functions: builtins }
    const text = fields([
      ['file', file],
      ['bytes', String(wasm.length)],
      ['policy engine hash', hash.toHex()],
      ['functions of the host', builtins.join(', ') || 'none'],
    ])
    return report('canswarm.policy.build/1', data, text)
  },
})

/** Ends with a failure that says how to get the compiler. */
function noOpa(env: Readonly<Record<string, string | undefined>>): CommandError {
  const todo = howToGetOpa(env)
  return new CommandError({
    exit: EXIT.failed,
    code: 'no-opa',
    message: 'there is no OPA of the pinned version here',
    todo,
  })
}
