/**
 * `npm run policy:opa-cases`: compiles the test cases that OPA publishes for its WebAssembly (in its Go module: the
 * cases of every implementation, in both versions of Rego, and those of WebAssembly alone) and runs each through the
 * loader, metered. A case that needs a function that policies may not use must be refused by its name; one that
 * OPA's own tests leave out is counted apart; every other must pass. Prints a table of counts; with `--record` it also
 * keeps the counts for the documents. Needs Go and the module of the pinned OPA; nothing of it is kept.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { BUILTINS } from '../src/adapters/opa-wasm/builtins/all.ts'
import type { Builtin } from '../src/adapters/opa-wasm/builtins/builtin.ts'
import { Evaluator } from '../src/adapters/opa-wasm/evaluator.ts'
import { planEvaluation } from '../src/adapters/opa-wasm/plan.ts'
import { table } from '../src/cli/table.ts'
import { meterPolicy } from '../src/core/policy/meter-policy.ts'
import { OPA_VERSION } from '../src/node/policy/opa.ts'
import { OPA_CASES_FILE, type OpaCases } from './policy-tables.ts'

/** Far more than any case uses: what is measured here is whether they pass. */
const GAS_MAX = 10_000_000_000

const OPA = `github.com/open-policy-agent/opa@v${OPA_VERSION}`

interface Compiled {
  readonly id: string
  readonly wasm?: string
  readonly input?: string
  readonly data?: string
  readonly error?: string
  readonly want_defined?: boolean
  readonly want_result?: readonly unknown[]
  readonly want_error?: string
}

interface Result {
  readonly id: string
  readonly output: string | null
  readonly error: string
}

/** Functions that the cases of WebAssembly themselves bring along, to see how the host is called. */
const OF_THE_CASES: readonly Builtin[] = [
  ofTheCases('custom_builtin_test', ([text = '0']) => String(Number(text) + 1)),
  ofTheCases('custom_builtin_test_impure', () => '"foo"'),
  ofTheCases('custom_builtin_test_memoization', onceIn100()),
]

function ofTheCases(name: string, run: (args: readonly string[]) => string): Builtin {
  return { name, gasPerCall: 1, gasPerByte: 1, run }
}

/** Called a second time within one case it gives another number, and the case fails. */
let calls = 0
function onceIn100(): () => string {
  return () => String(100 + calls++)
}

interface Counts {
  cases: number
  passed: number
  readonly refused: Map<string, number>
  leftOut: number
  notCompiled: number
  readonly failed: string[]
}

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } })
const scratch = mkdtempSync(join(tmpdir(), 'opa-cases-'))
try {
  process.exitCode = await main()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function main(): Promise<number> {
  const opa = opaFolder()
  if (opa === undefined) {
    process.stdout.write(`SKIPPED: OPA's cases were not run: Go, and with it ${OPA}, are not here\n`)
    return 0
  }
  const program = buildProgram()
  const leftOut = leftOutBy(opa)
  const sets = [
    { name: 'cases, Rego v1', folder: join(opa, 'v1/test/cases/testdata/v1'), version: 'v1', output: 'rego' },
    { name: 'cases, Rego v0', folder: join(opa, 'v1/test/cases/testdata/v0'), version: 'v0', output: 'rego' },
    { name: 'WebAssembly alone', folder: join(opa, 'v1/test/wasm/assets'), version: 'v1', output: 'json' },
  ] as const
  const rows: [string, Counts][] = []
  for (const set of sets) rows.push([set.name, await runSet(program, set, leftOut)])
  show(rows)
  if (values.record) record(rows)
  return rows.every(([, { failed }]) => failed.length === 0) ? 0 : 1
}

function opaFolder(): string | undefined {
  const found = spawnSync('go', ['mod', 'download', '-json', OPA], { encoding: 'utf8', cwd: scratch })
  return found.status === 0 ? (JSON.parse(found.stdout) as { Dir: string }).Dir : undefined
}

function buildProgram(): string {
  const folder = join(scratch, 'program')
  cpSync(join(import.meta.dirname, 'policy-opa-cases'), folder, { recursive: true })
  for (const args of [
    ['mod', 'init', 'opacases'],
    ['get', OPA],
    ['build', '-o', 'opacases', '.'],
  ]) {
    const made = spawnSync('go', args, { cwd: folder, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`go ${args.join(' ')}: ${made.stderr}`)
  }
  return join(folder, 'opacases')
}

/** Notes of the cases that OPA's tests of its WebAssembly leave out. */
function leftOutBy(opa: string): ReadonlySet<string> {
  const text = readFileSync(join(opa, 'internal/wasm/sdk/test/e2e/exceptions.yaml'), 'utf8')
  return new Set(
    Array.from(text.matchAll(/^"(?<note>(?:[^"\\]|\\.)+)":/gmu), (found) => found.groups?.['note'] ?? ''),
  )
}

/** Sets are told from arrays only in Rego's own notation; the cases of WebAssembly alone are written for JSON. */
interface CaseSet {
  readonly folder: string
  readonly version: string
  readonly output: 'rego' | 'json'
}

async function runSet(
  program: string,
  { folder, version, output }: CaseSet,
  leftOut: ReadonlySet<string>,
): Promise<Counts> {
  const counts: Counts = { cases: 0, passed: 0, refused: new Map(), leftOut: 0, notCompiled: 0, failed: [] }
  const results: Result[] = []
  const child = spawn(program, ['compile', folder, version], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const one = JSON.parse(line) as Compiled
    counts.cases += 1
    if (leftOut.has(noteOf(one.id))) counts.leftOut += 1
    else if (one.wasm === undefined) counts.notCompiled += 1
    else {
      const result = runCase(one, one.wasm, output)
      if ('refused' in result) {
        counts.refused.set(result.refused, (counts.refused.get(result.refused) ?? 0) + 1)
      } else if (output === 'rego') results.push(result)
      else count(counts, one.id, whyWrong(one, result))
    }
  }
  if (results.length > 0) judge(program, folder, results, counts)
  return counts
}

function noteOf(id: string): string {
  return id.replace(/^\S+ #\d+ /u, '')
}

function runCase(
  { id, input = '', data = '{}' }: Compiled,
  wasm: string,
  output: CaseSet['output'],
): Result | { readonly refused: string } {
  calls = 0
  const metered = meterPolicy(new Uint8Array(Buffer.from(wasm, 'base64')))
  if (!metered.ok) return { id, output: null, error: `meter: ${metered.error.message}` }
  const builtins = [...BUILTINS, ...OF_THE_CASES]
  const plan = planEvaluation(metered.value, { builtins, entrypoint: undefined, data, output })
  if (!plan.ok) {
    const { code, field = '', message } = plan.error
    return code === 'UNKNOWN_CAPABILITY'
      ? { refused: field }
      : { id, output: null, error: `load: ${message}` }
  }
  const evaluator = new Evaluator(plan.value)
  const text = new TextEncoder().encode(input)
  const first = evaluator.evaluateText(text, GAS_MAX)
  calls = 0
  const second = evaluator.evaluateText(text, GAS_MAX)
  if (JSON.stringify(first) !== JSON.stringify(second))
    return { id, output: null, error: 'two runs, two outcomes' }
  if (first.kind === 'decided') return { id, output: first.output, error: '' }
  return {
    id,
    output: null,
    error: first.kind === 'failed' ? `${first.failure}: ${first.message}` : first.kind,
  }
}

function judge(program: string, folder: string, results: readonly Result[], counts: Counts): void {
  const lines = results.map((one) => JSON.stringify(one)).join('\n')
  const judged = spawnSync(program, ['judge', folder], { input: lines, encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (judged.status !== 0) throw new Error(judged.stderr)
  for (const line of judged.stdout.trim().split('\n')) {
    const { id, passed, why } = JSON.parse(line) as { id: string; passed: boolean; why?: string }
    count(counts, id, passed ? undefined : why)
  }
}

function count(counts: Counts, id: string, why: string | undefined): void {
  if (why === undefined) counts.passed += 1
  else counts.failed.push(`${id}: ${why}`)
}

/** As the runner that comes with the cases of WebAssembly judges: results in any order, numbers as floats. */
function whyWrong(one: Compiled, { output, error }: Result): string | undefined {
  if (one.want_error !== undefined) return error.includes(one.want_error) ? undefined : `ended by ${error}`
  if (output === null) return `ended by ${error}`
  const results = JSON.parse(output) as unknown[]
  if (one.want_defined !== undefined) return results.length > 0 === one.want_defined ? undefined : output
  const wanted = one.want_result ?? []
  const found = wanted.filter((want) => results.some((result) => isDeepStrictEqual(result, want)))
  return results.length === wanted.length && found.length === wanted.length ? undefined : output
}

type Rows = readonly (readonly [string, Counts])[]

function record(rows: Rows): void {
  const sets = rows.map(([name, { cases, passed, failed, refused, leftOut, notCompiled }]) => {
    return { name, cases, passed, failed: failed.length, refused: sumOf(refused), leftOut, notCompiled }
  })
  const counts: OpaCases = { opa: OPA_VERSION, sets, refused: Object.fromEntries(refusedIn(rows)) }
  writeFileSync(OPA_CASES_FILE, `${JSON.stringify(counts, undefined, 2)}\n`)
}

/** How many cases need each function that is refused, the most wanted first. */
function refusedIn(rows: Rows): [string, number][] {
  const refused = new Map<string, number>()
  for (const [, counts] of rows) {
    for (const [name, n] of counts.refused) refused.set(name, (refused.get(name) ?? 0) + n)
  }
  return [...refused].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0)
}

function show(rows: Rows): void {
  const headings = ['set', 'cases', 'passed', 'failed', 'refused', 'left out by OPA', 'not compiled by OPA']
  const cells = rows.map(([name, counts]) => [
    name,
    String(counts.cases),
    String(counts.passed),
    String(counts.failed.length),
    String(sumOf(counts.refused)),
    String(counts.leftOut),
    String(counts.notCompiled),
  ])
  process.stdout.write(`${table(headings, cells)}\n`)
  for (const [name, { failed }] of rows)
    for (const one of failed) process.stdout.write(`FAILED ${name}: ${one}\n`)
  process.stdout.write(
    `refused by name: ${refusedIn(rows)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}\n`,
  )
}
