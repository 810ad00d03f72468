/** The tables of docs/policy.md, out of the code that does what they say. */
import { readFileSync } from 'node:fs'
import { BUILTINS } from '../src/adapters/opa-wasm/builtins/all.ts'
import { KINDS } from '../src/codec/payload/verbs.ts'
import type { AllowedImport, MeterLimits } from '../src/core/meter/config.ts'
import type { RefusalCode } from '../src/core/meter/refusal.ts'
import { POLICY_METER } from '../src/core/policy/meter-policy.ts'
import { DEFAULT_POLICY, readPolicy } from '../src/node/policy/files.ts'

/** Counts of OPA's published cases, as `npm run policy:opa-cases -- --record` found them. */
export const OPA_CASES_FILE = new URL('../test/vectors/policies/opa-cases.json', import.meta.url)

export interface OpaCases {
  readonly opa: string
  readonly sets: readonly {
    readonly name: string
    readonly cases: number
    readonly passed: number
    readonly failed: number
    /** Cases that need a function of the host that policies may not use. */
    readonly refused: number
    /** Cases that OPA's own tests of its WebAssembly leave out. */
    readonly leftOut: number
    readonly notCompiled: number
  }[]
  /** Cases by the function that was refused. */
  readonly refused: Readonly<Record<string, number>>
}

const LIMITS: Readonly<Record<keyof MeterLimits, string>> = {
  bytesMax: 'bytes of the module',
  typesMax: 'function types',
  paramsMax: 'parameters of a function type',
  resultsMax: 'results of a function type or block',
  importsMax: 'imports',
  functionsMax: 'functions',
  globalsMax: 'globals',
  exportsMax: 'exports',
  tableElementsMax: 'elements of the table, and of all element segments',
  elementSegmentsMax: 'element segments',
  dataSegmentsMax: 'data segments',
  localsMax: 'locals of a function, parameters included',
  bodyBytesMax: "bytes of a function's body",
  nestingMax: 'blocks inside one another',
  operandsMax: 'operands on the stack of a function',
  branchTargetsMax: 'targets of one `br_table`',
}

const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  MALFORMED: 'not the binary format',
  INVALID: 'the format, but against the rules of validation',
  LIMIT: 'over a limit; the message has both numbers',
  IMPORT: 'an import that is not in the list below, by its name and type',
  START_FUNCTION: 'a start function where none is allowed (policies may have one)',
  ALREADY_METERED: "the meter's own output",
  RESERVED_NAME: "an export under the meter's prefix",
  UNKNOWN_SECTION: 'a section id that the specification does not know',
  UNKNOWN_OPCODE: 'an opcode that the specification does not know',
  SIMD: 'vector instructions: what relaxed ones give differs by machine, and nobody needs them here',
  THREADS: 'shared memories and atomics',
  EXCEPTIONS: 'tags, `try`, `throw`',
  GC: 'struct, array and typed function references',
  TAIL_CALLS: '`return_call`: the bound on calls counts frames',
  MULTI_MEMORY: 'more than one memory',
  MULTI_TABLE: 'more than one table',
  MEMORY64: 'memories and tables of 64-bit addresses',
  CUSTOM_PAGE_SIZES: 'pages of another size',
  REFERENCE_TYPES: 'external references and instructions on tables',
  EXTENDED_CONST: 'arithmetic in constant expressions',
}

/** Name of each table, by which its marks are found. */
export const POLICY_TABLES: readonly { readonly name: string; readonly write: () => string }[] = [
  { name: 'policy limits', write: limits },
  { name: 'policy refusals', write: refusals },
  { name: 'policy imports', write: imports },
  { name: 'gas prices', write: prices },
  { name: 'functions of the host', write: builtins },
  { name: 'gas of verbs', write: gasOfVerbs },
  { name: 'cases of OPA', write: opaCases },
]

function limits(): string {
  const { limits: most, memoryPagesMax, stackSlotsMax } = POLICY_METER
  const rows = Object.entries(LIMITS).map(([name, about]) => [about, number(most[name as keyof MeterLimits])])
  const others = [
    ['pages of 65,536 bytes that the memory can reach', number(memoryPagesMax)],
    ["nested calls, in slots of about 8 bytes of the engine's stack", number(stackSlotsMax)],
  ]
  return table(['limit', 'policies'], [...rows, ...others])
}

function refusals(): string {
  return table(
    ['reason', 'what is refused'],
    Object.entries(REFUSALS).map(([code, about]) => [`\`${code}\``, about]),
  )
}

function imports(): string {
  return table(
    ['import', 'type'],
    POLICY_METER.imports.map((one) => [`\`${one.module}.${one.name}\``, typeOf(one)]),
  )
}

function typeOf(one: AllowedImport): string {
  return one.kind === 'function' ? `(${one.params.join(', ')}) → (${one.results.join(', ')})` : one.kind
}

function prices(): string {
  const { gasPerByteGrown, gasPerByteMoved, startGas } = POLICY_METER
  return table(
    ['what', 'gas'],
    [
      ['an instruction that is executed', '1'],
      ['`block`, `loop`, `else`, `end`, which only mark places', '0'],
      ['a byte that `memory.grow` asks for, granted or not', number(gasPerByteGrown)],
      ['a byte that `memory.copy`, `memory.fill` or `memory.init` is to write', number(gasPerByteMoved)],
      ['the start function, once, at most', startGas === null ? 'none allowed' : number(startGas)],
    ],
  )
}

function builtins(): string {
  return table(
    ['function', 'gas for a call', 'gas for a byte of arguments and result'],
    BUILTINS.map(({ name, gasPerCall, gasPerByte }) => [
      `\`${name}\``,
      number(gasPerCall),
      number(gasPerByte),
    ]),
  )
}

/** Of a usual envelope of each, under the default policy: its conformance cases say so, and are run by tests. */
function gasOfVerbs(): string {
  const source = readPolicy(DEFAULT_POLICY)
  if (!source.ok) throw new Error(source.error.message)
  const gas = new Map(source.value.cases.map((one) => [one.id, one.gas]))
  const rows = KINDS.map((kind) => [kind, gas.get(kind.toLowerCase().replaceAll('_', '-'))] as const)
  return table(
    ['verb', 'gas'],
    rows.flatMap(([kind, used]) => (used === undefined ? [] : [[kind, number(used)]])),
  )
}

function opaCases(): string {
  const { opa, sets } = JSON.parse(readFileSync(OPA_CASES_FILE, 'utf8')) as OpaCases
  const rows = sets.map(({ name, cases, passed, failed, refused, leftOut, notCompiled }) => [
    name,
    ...[cases, passed, failed, refused, leftOut, notCompiled].map(number),
  ])
  const headings = ['cases', 'passed', 'failed', 'refused by name', 'left out by OPA', 'not compiled by OPA']
  return table([`OPA ${opa}`, ...headings], rows)
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line), ''].join('\n')
}

/** As people read it: 16,777,216. */
function number(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',')
}
