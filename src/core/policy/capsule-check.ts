import { equalBytes } from '../../codec/bytes.ts'
import type { CapsuleBundle } from '../../codec/capsule/bundle.ts'
import { type Capsule, capsuleCid, decodeCapsule, POLICY_SCHEMA } from '../../codec/capsule/capsule.ts'
import { type ConformanceCase, caseCid } from '../../codec/capsule/case.ts'
import type { CID } from '../../codec/cid.ts'
import { keyOfDid } from '../../codec/did/did-key.ts'
import { signedBytes } from '../../codec/signed/statement.ts'
import type { SecretKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Crypto, Sha256 } from '../../ports/crypto.ts'
import type { PolicyEngine, PolicyModule } from '../../ports/policy-engine.ts'
import { type CaseOutcome, runCases } from './conformance.ts'

/** A capsule that passed every check and can be used. */
export interface CheckedCapsule {
  readonly cid: CID
  readonly capsule: Capsule
  readonly module: PolicyModule
  /** Gas for one envelope. */
  readonly gasMax: number
  /** Its conformance vector, as it came out here. */
  readonly cases: readonly CaseOutcome[]
}

export interface CheckContext {
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'isAcceptableKey'>
  readonly engine: PolicyEngine
  /** CID of the genesis: a capsule is signed for one network. */
  readonly net: CID
  /** Gas for one envelope where the capsule says nothing (parameter `policyGasMax`). */
  readonly gasMax: number
  /** Capsule that the genesis names, which therefore needs no signature. */
  readonly genesisCapsule?: CID
}

/** Signs a capsule of ours. 64 bytes. Source: protocol.md, "Signed types" (capsule). */
export function signCapsule(
  crypto: Pick<Crypto, 'sign'>,
  net: CID,
  secret: SecretKey,
  capsule: Uint8Array,
): Uint8Array {
  return crypto.sign(secret, signedBytes('capsule', net, capsule))
}

/**
 * Checks a capsule that was received, in this order, and rejects with the first thing that is wrong:
 * 1. its form: as `decodeCapsule`;
 * 2. BAD_KEY, BAD_SIGNATURE at `signature`: not signed by its author for this network;
 * 3. MALFORMED at `wasm`: the module is not the one that the capsule names;
 * 4. UNKNOWN_CAPABILITY at `capsule.schema` or `capsule.meter`: made for another runtime than this one;
 * 5. the module, as `PolicyEngine.load`;
 * 6. MALFORMED at `conformance.<id>`: a case of its vector is not there, is another, or fails here.
 * Source: policy.md ("A received capsule is checked").
 */
export function checkCapsule(
  bundle: CapsuleBundle,
  context: CheckContext,
): Result<CheckedCapsule, Rejection> {
  const decoded = decodeCapsule(bundle.capsule)
  if (!decoded.ok) return decoded
  const capsule = decoded.value
  const cid = capsuleCid(bundle.capsule, context.crypto.sha256)
  const signed = checkSignature(bundle, capsule, cid, context)
  if (!signed.ok) return signed
  if (!equalBytes(context.crypto.sha256(bundle.wasm), capsule.policy_engine_hash)) {
    return reject('MALFORMED', 'the module is not the one that the capsule names by its hash', 'wasm')
  }
  const loaded = loadFor(capsule, bundle.wasm, context.engine)
  if (!loaded.ok) return loaded
  const gasMax = capsule.gas_limit ?? context.gasMax
  const claimed = claimedCases(capsule, bundle.cases, context.crypto.sha256)
  if (!claimed.ok) return claimed
  const cases = runCases(claimed.value, loaded.value, gasMax)
  const failed = cases.find(({ difference }) => difference !== undefined)
  if (failed === undefined) return ok({ cid, capsule, module: loaded.value, gasMax, cases })
  return reject('MALFORMED', `the case fails here: ${failed.difference}`, `conformance.${failed.id}`)
}

function checkSignature(
  bundle: CapsuleBundle,
  { author }: Capsule,
  cid: CID,
  { crypto, net, genesisCapsule }: CheckContext,
): Result<undefined, Rejection> {
  if (genesisCapsule?.equals(cid) === true) return ok(undefined)
  const key = keyOfDid(author)
  if (!key.ok) return key
  if (!crypto.isAcceptableKey(key.value)) return reject('BAD_KEY', 'the key of the author', 'capsule.author')
  const message = signedBytes('capsule', net, bundle.capsule)
  if (crypto.verify(key.value, message, bundle.signature)) return ok(undefined)
  return reject('BAD_SIGNATURE', `not signed by its author ${author} for this network`, 'signature')
}

function loadFor(capsule: Capsule, wasm: Uint8Array, engine: PolicyEngine): Result<PolicyModule, Rejection> {
  if (capsule.schema !== POLICY_SCHEMA) {
    const message = `made for policy schema ${capsule.schema}, this node has ${POLICY_SCHEMA}`
    return reject('UNKNOWN_CAPABILITY', message, 'capsule.schema')
  }
  const module = engine.load(wasm)
  if (!module.ok || module.value.meterVersion === capsule.meter) return module
  const message = `made for meter version ${capsule.meter}, this node has ${module.value.meterVersion}`
  return reject('UNKNOWN_CAPABILITY', message, 'capsule.meter')
}

/** The cases of the vector, in its order. Cases beyond it are nobody's claim. */
function claimedCases(
  { conformance }: Capsule,
  cases: readonly ConformanceCase[],
  sha256: Sha256,
): Result<readonly ConformanceCase[], Rejection> {
  const byId = new Map(cases.map((one) => [one.id, one]))
  const claimed: ConformanceCase[] = []
  for (const [id, cid] of conformance) {
    const expected = byId.get(id)
    if (expected === undefined) return reject('MALFORMED', 'the case is not there', `conformance.${id}`)
    if (!caseCid(expected, sha256).equals(cid)) {
      return reject('MALFORMED', 'the case is not the one that the capsule names', `conformance.${id}`)
    }
    claimed.push(expected)
  }
  return ok(claimed)
}
