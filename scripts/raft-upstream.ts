/**
 * `npm run raft:upstream`: compiles the tests of etcd-raft itself for WebAssembly, of the very version that
 * shim/go.mod names, runs them in this Node, and prints how many passed. Fails when one fails or fewer ran than
 * that version has. Then the shim's own tests, in the same way. Without that Go it says SKIPPED.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { WASI } from 'node:wasi'
import { webAssembly } from '../src/adapters/etcd-raft/web-assembly.ts'
import { go, goEnv, SHIM, WASM, whyNoGo } from './raft-go.ts'

const MODULE = 'go.etcd.io/raft/v3'

/** Tests of each version that we have run: a count that falls says that something was left out. */
const TESTS: Readonly<Record<string, number>> = { 'v3.7.0': 258 }

interface Outcome {
  readonly passed: number
  readonly failed: readonly string[]
  readonly output: string
  readonly code: number
}

const scratch = mkdtempSync(join(tmpdir(), 'raft-upstream-'))
try {
  process.exitCode = main()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function main(): number {
  const why = whyNoGo()
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: the tests of etcd-raft were not run: ${why}\n`)
    return 0
  }
  go(SHIM, ['mod', 'download'])
  const [version = '', folder = ''] = go(SHIM, ['list', '-m', '-f', '{{.Version}} {{.Dir}}', MODULE])
    .trim()
    .split(' ')
  const wanted = TESTS[version]
  if (wanted === undefined) throw new Error(`how many tests has ${MODULE} ${version}? Enter it in TESTS`)
  const passed = runAll(folder)
  const shim = runAll(SHIM)
  process.stdout.write(
    `etcd-raft ${version}: ${passed ?? 'not all'} of ${wanted} tests passed in WebAssembly\n`,
  )
  process.stdout.write(`shim: ${shim ?? 'not all'} tests passed in WebAssembly\n`)
  return passed === wanted && shim !== undefined && shim > 0 ? 0 : 1
}

/** How many tests of all packages of a module passed; undefined when one failed. */
function runAll(folder: string): number | undefined {
  const packages = go(folder, ['list', '-f', '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}', './...'])
  const outcomes = packages
    .split('\n')
    .filter((line) => line !== '')
    .map((path) => ({ path, ...run(path) }))
  for (const { path, passed, failed, code, output } of outcomes) {
    process.stdout.write(`${basename(path)}: ${passed} passed, ${failed.length} failed\n`)
    if (failed.length > 0 || code !== 0) process.stdout.write(`exit ${code}\n${output.slice(-8000)}\n`)
  }
  if (outcomes.some(({ failed, code }) => failed.length > 0 || code !== 0)) return undefined
  return outcomes.reduce((sum, { passed }) => sum + passed, 0)
}

/** Compiles the tests of one package and runs them with the package's folder as their root, for testdata. */
function run(folder: string): Outcome {
  const binary = join(scratch, 'tests.wasm')
  go(folder, ['test', '-c', '-o', binary, '.'], goEnv(WASM))
  const file = join(scratch, 'output')
  const out = openSync(file, 'w')
  const wasi = new WASI({
    version: 'preview1',
    args: ['tests', '-test.v', '-test.count=1'],
    env: { PWD: '/', TMPDIR: '/' },
    preopens: { '/': folder },
    stdout: out,
    stderr: out,
    returnOnExit: true,
  })
  const module = new webAssembly.Module(readFileSync(binary))
  const code = wasi.start(new webAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }))
  closeSync(out)
  const output = readFileSync(file, 'utf8')
  const named = (verdict: string): readonly string[] =>
    [...output.matchAll(new RegExp(`^--- ${verdict}: (\\S+)`, 'gmu'))].map(([, name = '']) => name)
  return { passed: named('PASS').length, failed: named('FAIL'), output, code }
}
