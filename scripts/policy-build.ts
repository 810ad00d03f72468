/**
 * `npm run policy:build`: compiles the policies of this repository with the pinned OPA (installed with Go into the
 * user's cache where it is not there), runs their Rego tests and cases, and writes the compressed modules, their
 * SHA-256 and the gas of each case. With `--check` it installs and writes nothing: it compiles each twice, from two
 * folders, and compares every byte with what is committed; without that OPA it says SKIPPED. With `--check --install`
 * it installs OPA where there is Go.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { runCases } from '../src/core/policy/conformance.ts'
import type { Rejection } from '../src/model/rejection.ts'
import type { Result } from '../src/model/result.ts'
import { offline } from '../src/node/offline.ts'
import { caseFileText, parseCaseFile } from '../src/node/policy/case-file.ts'
import { compilePolicy, testRego } from '../src/node/policy/compile.ts'
import { DEFAULT_POLICY, POLICY_FILE, readPolicy } from '../src/node/policy/files.ts'
import { findOpa, howToGetOpa, installOpa, type Opa } from '../src/node/policy/opa.ts'
import { openPolicyEngine } from '../src/node/policy/runtime.ts'

/** The one that every node has, and one of the tests'. */
const FOLDERS = [DEFAULT_POLICY, join(import.meta.dirname, '../test/vectors/policies/text-only/')]

/** Gas for cases: a regular expression alone takes more than a million. */
const CASE_GAS_MAX = 100_000_000

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, install: { type: 'boolean', default: false } },
})
process.exitCode = await main(values.check)

async function main(check: boolean): Promise<number> {
  const opa = findOpa(process.env) ?? (check && !values.install ? undefined : install())
  if (opa === undefined) {
    process.stdout.write(`SKIPPED: the policies were not built: ${howToGetOpa(process.env)}\n`)
    return check ? 0 : 1
  }
  let failed = 0
  for (const folder of FOLDERS) {
    process.stdout.write(`${relative(process.cwd(), folder)}\n`)
    const wasm = unwrap(compilePolicy(opa, folder))
    failed += check ? compare(opa, folder, wasm) : await write(opa, folder, wasm)
  }
  return failed === 0 ? 0 : 1
}

function install(): Opa | undefined {
  process.stdout.write('no opa of the pinned version here: installing it with Go, about a minute\n')
  return installOpa(process.env)
}

function compare(opa: Opa, folder: string, wasm: Uint8Array): number {
  const committed = unwrap(readPolicy(folder)).wasm
  const elsewhere = unwrap(compiledElsewhere(opa, folder))
  const isHash = readFileSync(join(folder, POLICY_FILE.hash), 'utf8') === hashText(wasm)
  const problems = [
    ...(Buffer.from(wasm).equals(committed)
      ? []
      : [`${POLICY_FILE.compressed} is not what its sources give`]),
    ...(Buffer.from(wasm).equals(elsewhere)
      ? []
      : ['two folders with the same sources gave different bytes']),
    ...(isHash ? [] : [`${POLICY_FILE.hash} is of another module`]),
  ]
  for (const problem of problems) process.stdout.write(`DIFFERS: ${problem}: run "npm run policy:build"\n`)
  if (problems.length === 0) process.stdout.write(`the same ${wasm.length} bytes, twice: ${hashText(wasm)}`)
  return problems.length
}

function compiledElsewhere(opa: Opa, folder: string): Result<Uint8Array, Rejection> {
  const elsewhere = mkdtempSync(join(tmpdir(), 'another-place-'))
  try {
    cpSync(folder, elsewhere, { recursive: true })
    return compilePolicy(opa, elsewhere)
  } finally {
    rmSync(elsewhere, { recursive: true, force: true })
  }
}

async function write(opa: Opa, folder: string, wasm: Uint8Array): Promise<number> {
  const tested = testRego(opa, folder)
  if (tested !== undefined) process.stdout.write(`${tested.report}\n`)
  if (tested?.ok === false) return 1
  const cases = await casesWithGas(folder, wasm)
  if (cases === undefined) return 1
  const compressed = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  writeFileSync(join(folder, POLICY_FILE.compressed), compressed)
  writeFileSync(join(folder, POLICY_FILE.hash), hashText(wasm))
  writeFileSync(join(folder, POLICY_FILE.cases), cases)
  process.stdout.write(`${wasm.length} bytes, ${compressed.length} compressed: ${hashText(wasm)}`)
  return 0
}

/** The file of cases with the gas of today's module; undefined when one was decided otherwise. */
async function casesWithGas(folder: string, wasm: Uint8Array): Promise<string | undefined> {
  const engine = openPolicyEngine()
  const module = unwrap(engine.load(wasm))
  const text = readFileSync(join(folder, POLICY_FILE.cases), 'utf8')
  const cases = unwrap(parseCaseFile(text)).map((one) => ({ ...one, gas: one.gas ?? 0 }))
  const outcomes = runCases(cases, module, CASE_GAS_MAX)
  await engine.close()
  const wrong = outcomes.filter(({ difference }) => difference?.startsWith('decided') === true)
  for (const { id, difference } of wrong) process.stdout.write(`case ${id}: ${difference}\n`)
  if (wrong.length > 0) return undefined
  process.stdout.write(`${outcomes.length} cases decided as they say\n`)
  return caseFileText(cases.map((one, n) => ({ ...one, gas: outcomes[n]?.gas ?? 0 })))
}

/** As `sha256sum` writes it. */
function hashText(wasm: Uint8Array): string {
  return `${offline.crypto.sha256(wasm).toHex()}  ${POLICY_FILE.module}\n`
}

function unwrap<Value>(result: Result<Value, Rejection>): Value {
  if (result.ok) return result.value
  throw new Error(`${result.error.field ?? ''} ${result.error.message}`.trim())
}
