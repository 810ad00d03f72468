import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import * as z from 'zod'
import { type CapsuleBundle, decodeBundle } from '../../codec/capsule/bundle.ts'
import { GAS_LIMIT_MAX } from '../../codec/capsule/capsule.ts'
import type { ConformanceCase } from '../../codec/capsule/case.ts'
import { FaultError } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { parseCaseFile, type WrittenCase } from './case-file.ts'

/** Names in a policy's folder, beside its Rego. */
export const POLICY_FILE = {
  module: 'policy.wasm',
  compressed: 'policy.wasm.br',
  hash: 'policy.wasm.sha256',
  cases: 'cases.jsonl',
  /** { label?, gas_limit? }: what its capsule is to say. */
  settings: 'capsule.json',
} as const

/** Folder of the policy that comes with canswarm. */
export const DEFAULT_POLICY = fileURLToPath(new URL('../../../policies/default/', import.meta.url))

const MODULE_BYTES_MAX = 2_097_152

/** A policy, wherever it was found: with the capsule that it came in, if it came in one. */
export interface PolicySource {
  readonly wasm: Uint8Array
  readonly cases: readonly WrittenCase[]
  readonly bundle: CapsuleBundle | undefined
  readonly settings: PolicySettings
}

/** What a policy's folder says of the capsule that is made of it. */
const settingsSchema = z.strictObject({
  label: z.string().min(1).max(64).exactOptional(),
  gas_limit: z.int().min(1).max(GAS_LIMIT_MAX).exactOptional(),
})

export type PolicySettings = Readonly<z.infer<typeof settingsSchema>>

/**
 * Reads a policy: a capsule file, a module (also compressed), or a folder with a compiled module and, if there are
 * any, cases; `default`: the one that comes with canswarm. Rejects as `decodeBundle` and `parseCaseFile`; MALFORMED
 * for a folder without a module. Faults `store-io`.
 */
export function readPolicy(path: string): Result<PolicySource, Rejection> {
  if (path === 'default') return readFolder(DEFAULT_POLICY)
  if (isFolder(path)) return readFolder(path)
  const bytes = read(path)
  if (path.endsWith('.br')) return bare(inflate(bytes, path))
  if (isModule(bytes)) return bare(ok(bytes))
  const bundle = decodeBundle(bytes)
  if (!bundle.ok) {
    const { code, message } = bundle.error
    return reject(code, `no module (.wasm), and as a capsule file: ${message}`, bundle.error.field)
  }
  const { wasm, cases } = bundle.value
  return ok({ wasm, cases, bundle: bundle.value, settings: {} })
}

/** Cases that were run. Rejects MALFORMED for the first that was not. */
export function runCasesOf(cases: readonly WrittenCase[]): Result<readonly ConformanceCase[], Rejection> {
  const missing = cases.find(({ gas }) => gas === undefined)
  if (missing === undefined) return ok(cases as readonly ConformanceCase[])
  return reject(
    'MALFORMED',
    'the case has no gas yet: run "canswarm policy test --record"',
    `cases.${missing.id}`,
  )
}

function readFolder(folder: string): Result<PolicySource, Rejection> {
  const wasm = moduleIn(folder)
  if (!wasm.ok) return wasm
  const path = join(folder, POLICY_FILE.cases)
  const cases = existsSync(path) ? parseCaseFile(Buffer.from(read(path)).toString('utf8')) : ok([])
  if (!cases.ok) return cases
  const settings = settingsIn(folder)
  return settings.ok
    ? ok({ wasm: wasm.value, cases: cases.value, bundle: undefined, settings: settings.value })
    : settings
}

function settingsIn(folder: string): Result<PolicySettings, Rejection> {
  const path = join(folder, POLICY_FILE.settings)
  if (!existsSync(path)) return ok({})
  const parsed = settingsSchema.safeParse(parseJson(Buffer.from(read(path)).toString('utf8')))
  if (parsed.success) return ok(parsed.data)
  const where = parsed.error.issues[0]?.path.join('.') ?? ''
  return reject('MALFORMED', `${path} says { label, gas_limit } and nothing else`, where)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the schema refuses it
  }
}

function moduleIn(folder: string): Result<Uint8Array, Rejection> {
  const plain = join(folder, POLICY_FILE.module)
  if (existsSync(plain)) return ok(read(plain))
  const compressed = join(folder, POLICY_FILE.compressed)
  if (existsSync(compressed)) return inflate(read(compressed), compressed)
  return reject('MALFORMED', `there is no ${POLICY_FILE.module} in ${folder}: run "canswarm policy build"`)
}

function bare(wasm: Result<Uint8Array, Rejection>): Result<PolicySource, Rejection> {
  return wasm.ok ? ok({ wasm: wasm.value, cases: [], bundle: undefined, settings: {} }) : wasm
}

function inflate(bytes: Uint8Array, path: string): Result<Uint8Array, Rejection> {
  try {
    return ok(new Uint8Array(brotliDecompressSync(bytes, { maxOutputLength: MODULE_BYTES_MAX })))
  } catch {
    return reject('MALFORMED', `${path} is no compressed module of at most ${MODULE_BYTES_MAX} bytes`)
  }
}

/** `\0asm`. */
function isModule(bytes: Uint8Array): boolean {
  return [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (cause) {
    throw new FaultError('store-io', `cannot read ${path}`, { cause })
  }
}

function read(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (cause) {
    throw new FaultError('store-io', `cannot read ${path}`, { cause })
  }
}
