import type { CapsuleBundle } from '../../codec/capsule/bundle.ts'
import { capsuleCid, encodeCapsule } from '../../codec/capsule/capsule.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { type CheckedCapsule, checkCapsule } from '../../core/policy/capsule-check.ts'
import { makeCapsule } from '../../core/policy/make-capsule.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { PolicyEngine } from '../../ports/policy-engine.ts'
import { offline } from '../offline.ts'
import { DEFAULT_POLICY, readPolicy, runCasesOf } from './files.ts'
import { openPolicyEngine } from './runtime.ts'

const { crypto } = offline

/**
 * The policy that comes with canswarm as a capsule of `author`, unsigned: everybody who has this version makes the
 * same bytes, so a genesis can name it. Rejects as `readPolicy`, which a whole installation does not.
 */
export function defaultCapsule(author: Did, engine: PolicyEngine): Result<CapsuleBundle, Rejection> {
  const source = readPolicy(DEFAULT_POLICY)
  if (!source.ok) return source
  const { wasm, settings } = source.value
  const cases = runCasesOf(source.value.cases)
  if (!cases.ok) return cases
  const module = engine.load(wasm)
  if (!module.ok) return module
  const parts = { label: settings.label ?? 'default', author, module: module.value, cases: cases.value }
  const capsule = encodeCapsule(makeCapsule({ ...parts, gasLimit: settings.gas_limit }, crypto.sha256))
  return ok({ capsule, signature: new Uint8Array(), wasm, cases: cases.value })
}

/** Text of the CID of `defaultCapsule`, for a genesis. */
export async function defaultCapsuleCid(author: Did): Promise<string> {
  const engine = openPolicyEngine()
  try {
    const bundle = defaultCapsule(author, engine)
    assert(bundle.ok, 'the default policy is part of the installation')
    return capsuleCid(bundle.value.capsule, crypto.sha256).toString()
  } finally {
    await engine.close()
  }
}

/**
 * The capsule that threads of a network are opened with; undefined where the genesis names none. Rejects WRONG_CAPSULE
 * for any but the default policy as a capsule of the first voter: nothing else is known without a signature.
 */
export function genesisCapsule(
  { genesis, net, parameters }: OpenedGenesis,
  engine: PolicyEngine,
): Result<CheckedCapsule | undefined, Rejection> {
  const [founder] = genesis.voters
  if (genesis.capsule === undefined || founder === undefined) return ok(undefined)
  const bundle = defaultCapsule(founder, engine)
  if (!bundle.ok) return bundle
  const made = capsuleCid(bundle.value.capsule, crypto.sha256)
  if (made.toString() === genesis.capsule) {
    const gasMax = parameters.policyGasMax
    return checkCapsule(bundle.value, { crypto, engine, net, gasMax, genesisCapsule: made })
  }
  return reject(
    'WRONG_CAPSULE',
    `the capsule of this network, ${genesis.capsule}, does not come with canswarm`,
    'capsule',
  )
}
