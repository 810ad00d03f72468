import { fileURLToPath } from 'node:url'
import { type CapsuleBundle } from '../../src/codec/capsule/bundle.ts'
import { encodeCapsule } from '../../src/codec/capsule/capsule.ts'
import type { ConformanceCase } from '../../src/codec/capsule/case.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import { signCapsule } from '../../src/core/policy/capsule-check.ts'
import { makeCapsule } from '../../src/core/policy/make-capsule.ts'
import type { SecretKey } from '../../src/model/ids.ts'
import type { Rejection } from '../../src/model/rejection.ts'
import type { Result } from '../../src/model/result.ts'
import { offline } from '../../src/node/offline.ts'
import { DEFAULT_POLICY, readPolicy, runCasesOf } from '../../src/node/policy/files.ts'
import type { PolicyEngine } from '../../src/ports/policy-engine.ts'
import { NET, sha256 } from './policy-bodies.ts'

/** A policy that is not ours: with a regular expression and a function of the host. */
export const TEXT_ONLY = fileURLToPath(new URL('../vectors/policies/text-only/', import.meta.url))

/** Gas that a regular expression needs. */
export const TEXT_ONLY_GAS = 4_000_000

export const AUTHOR = keyOf(1)
export const STRANGER = keyOf(2)

function keyOf(seed: number) {
  const secret = new Uint8Array(32).fill(seed) as SecretKey
  return { secret, did: didOfKey(offline.crypto.publicKeyOf(secret)) }
}

export function unwrapped<Value>(result: Result<Value, Rejection>): Value {
  if (result.ok) return result.value
  throw new Error(`${result.error.code} ${result.error.field ?? ''} ${result.error.message}`)
}

/** A policy's module and the cases that it passes. */
export function policyIn(folder: string): {
  readonly wasm: Uint8Array
  readonly cases: readonly ConformanceCase[]
} {
  const { wasm, cases } = unwrapped(readPolicy(folder))
  return { wasm, cases: unwrapped(runCasesOf(cases)) }
}

/** A policy of this repository as a capsule of `AUTHOR`. */
export function bundleOf(engine: PolicyEngine, folder = DEFAULT_POLICY, gasLimit?: number): CapsuleBundle {
  const { wasm, cases } = policyIn(folder)
  const module = unwrapped(engine.load(wasm))
  const made = makeCapsule({ label: 'of the tests', author: AUTHOR.did, module, cases, gasLimit }, sha256)
  const capsule = encodeCapsule(made)
  return { capsule, signature: signCapsule(offline.crypto, NET, AUTHOR.secret, capsule), wasm, cases }
}
