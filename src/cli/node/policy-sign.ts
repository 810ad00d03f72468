import { writeFile } from 'node:fs/promises'
import { encodeBundle } from '../../codec/capsule/bundle.ts'
import { capsuleCid, decodeCapsule, encodeCapsule } from '../../codec/capsule/capsule.ts'
import { signCapsule } from '../../core/policy/capsule-check.ts'
import { makeCapsule } from '../../core/policy/make-capsule.ts'
import { offline } from '../../node/offline.ts'
import { POLICY_FILE, type PolicySettings, runCasesOf } from '../../node/policy/files.ts'
import { defineCommand } from '../command.ts'
import { refuse, unwrap, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { keyNameOf, loadKey } from './key-access.ts'
import { PASSPHRASE_OPTION } from './passphrase.ts'
import { NETWORK_OPTION, POLICY_ARGUMENT, requiredNetwork, withPolicy } from './policy-use.ts'

export const policySign = defineCommand({
  path: 'policy sign',
  about: 'Make a capsule of a compiled policy: its hash and the cases that it passes, signed for a network',
  examples: [
    'canswarm policy sign my-policy --label "no images" --out my.capsule',
    'canswarm policy sign default --network bafyrei… --out default.capsule',
  ],
  arguments: [POLICY_ARGUMENT],
  options: {
    label: {
      type: 'string',
      value: 'TEXT',
      about: `what people call it, at most 64 characters (else what ${POLICY_FILE.settings} says)`,
    },
    out: { type: 'string', value: 'FILE', about: 'file to write' },
    key: { type: 'string', value: 'NAME', about: "key of the author (else the node's own)" },
    gasLimit: {
      type: 'integer',
      value: 'GAS',
      about: `gas for one envelope (else what ${POLICY_FILE.settings} or the network says)`,
    },
    ...NETWORK_OPTION,
    ...PASSPHRASE_OPTION,
  },
  async run(context, [path], { label, out, key, gasLimit, network, passphraseFile }) {
    if (out === undefined) throw usageError('say where to write the capsule: --out FILE')
    const net = requiredNetwork(context, network)
    const { did, secret } = await loadKey(context, keyNameOf(context, key), passphraseFile)
    const { sha256 } = offline.crypto
    const made = await withPolicy(context, path, network, async (policy, source) => {
      const cases = unwrap(runCasesOf(source.cases), path)
      const failed = policy.cases.find(({ difference }) => difference !== undefined)
      if (failed !== undefined)
        refuse('MALFORMED', `the case ${failed.id} fails: ${failed.difference}`, 'cases')
      const parts = {
        ...namesOf(source.settings, label, gasLimit),
        author: did,
        module: policy.module,
        cases,
      }
      const capsule = makeCapsule(parts, sha256)
      const bytes = encodeCapsule(capsule)
      unwrap(decodeCapsule(bytes))
      const signature = signCapsule(offline.crypto, net, secret, bytes)
      return { capsule, bytes, file: encodeBundle({ capsule: bytes, signature, wasm: source.wasm, cases }) }
    })
    await writeFile(out, made.file, { flag: 'wx' })
    const cid = capsuleCid(made.bytes, sha256).toString()
    const hash = made.capsule.policy_engine_hash.toHex()
    const data = {
      file: out,
      capsule: cid,
      network: net.toString(),
      author: did,
      policy_engine_hash: hash,
      cases: made.capsule.conformance.length,
    }
    const text = fields([
      ['file', out],
      ['capsule', cid],
      ['author', did],
      ['network', net.toString()],
      ['policy engine hash', hash],
      ['cases', String(made.capsule.conformance.length)],
    ])
    const notes =
      made.capsule.conformance.length === 0 ? ['it claims no case: nobody can tell what it decides'] : []
    return report('canswarm.policy.sign/1', data, text, { notes })
  },
})

function namesOf(settings: PolicySettings, label: string | undefined, gasLimit: number | undefined) {
  const name = label ?? settings.label
  if (name === undefined) throw usageError('name the capsule: --label TEXT')
  return { label: name, gasLimit: gasLimit ?? settings.gas_limit }
}
