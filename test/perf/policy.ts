import { openOpaEngine } from '../../src/adapters/opa-wasm/engine.ts'
import { webAssembly } from '../../src/adapters/opa-wasm/web-assembly.ts'
import { cidOf } from '../../src/codec/cid.ts'
import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import { encodeDagJson } from '../../src/codec/dag-json/encode.ts'
import { encodeBody } from '../../src/codec/envelope/draft-body.ts'
import { policyInputOf } from '../../src/codec/envelope/policy-input.ts'
import { judge } from '../../src/core/policy/gates.ts'
import { inputOfDraft } from '../../src/core/policy/input.ts'
import { meterPolicy } from '../../src/core/policy/meter-policy.ts'
import { verdictOf } from '../../src/core/policy/verdict.ts'
import { DEFAULT_POLICY } from '../../src/node/policy/files.ts'
import type { Evaluation, PolicyModule } from '../../src/ports/policy-engine.ts'
import { policyIn, unwrapped } from '../setup/policies.ts'
import { sha256, usualDraft } from '../setup/policy-bodies.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { interleave, medianOf, ratioOf } from './measure.ts'

const GAS = 1_000_000
const LIST = 64
const SINGLE_RUNS = 20_000
const COLD_RUNS = 9

export const policy: Benchmark = {
  name: 'policy',
  about:
    'Evaluation of the default policy, metered and from a clean state each time; loading; what metering costs',
  async run() {
    const { wasm } = policyIn(DEFAULT_POLICY)
    const engine = openOpaEngine({ meter: meterPolicy, sha256 })
    const module = unwrapped(engine.load(wasm))
    // What a requester, a worker and a verifier send: the mix of one task.
    const bodies = (['NEED', 'PROPOSE', 'HEARTBEAT', 'COMMIT', 'ATTEST'] as const).map((kind) =>
      encodeBody(usualDraft(kind), new Uint8Array(32)),
    )
    const figures = [
      ...singleFigures(module, bodies[0] as Uint8Array),
      ...listFigures(module, bodies),
      ...(await loadFigures(wasm)),
      ...meteringFigures(wasm, textOf(inputOfDraft(usualDraft('NEED')))),
    ]
    await engine.close()
    return figures
  },
}

/** From the body's bytes to a verdict: input and its text, restored state, evaluation, reading of the decision. */
function singleFigures(module: PolicyModule, body: Uint8Array): Figure[] {
  const all: number[] = []
  for (let run = 0; run < 2 * SINGLE_RUNS; run++) {
    const start = process.hrtime.bigint()
    for (const one of module.evaluateList([policyInputOf(body)], GAS)) verdictOf(one)
    if (run >= SINGLE_RUNS) all.push(Number(process.hrtime.bigint() - start) / 1000)
  }
  return [
    {
      key: 'single_p50',
      about: 'a NEED, from its bytes to a verdict, median',
      value: percentile(all, 0.5),
      unit: 'us',
    },
    { key: 'single_p95', about: 'the same, p95', value: percentile(all, 0.95), unit: 'us', aim: 50 },
  ]
}

function listFigures(module: PolicyModule, bodies: readonly Uint8Array[]): Figure[] {
  const list = Array.from({ length: LIST }, (_, n) => bodies[n % bodies.length] as Uint8Array)
  const inputs = list.map((body) => policyInputOf(body))
  const evaluations = module.evaluateList(inputs, GAS)
  const engine = { cid: cidOf(inputs[0] as Uint8Array, sha256), engineHash: module.hash }
  const samples = interleave(
    [
      {
        key: 'list',
        items: LIST,
        run: () =>
          module
            .evaluateList(
              list.map((body) => policyInputOf(body)),
              GAS,
            )
            .forEach(verdictOf),
      },
      { key: 'engine', items: LIST, run: () => void module.evaluateList(inputs, GAS) },
      { key: 'inputs', items: LIST, run: () => void list.map((body) => policyInputOf(body)) },
      {
        key: 'judge',
        items: LIST,
        run: () => inputs.forEach((input, at) => judge(engine, input, evaluations[at] as Evaluation, sha256)),
      },
    ],
    41,
  )
  const p95 = percentile(samples.get('list') ?? [], 0.95)
  return [
    {
      key: 'list64',
      about: 'one of a list of 64 (the verbs of a task), the same way',
      value: medianOf(samples, 'list'),
      unit: 'us',
    },
    { key: 'list64_p95', about: 'the same, p95 over lists', value: p95, unit: 'us', aim: 20 },
    {
      key: 'list64_engine',
      about: 'of it text, restored state and evaluation',
      value: medianOf(samples, 'engine'),
      unit: 'us',
    },
    {
      key: 'list64_inputs',
      about: 'of it the inputs, made of the bodies',
      value: medianOf(samples, 'inputs'),
      unit: 'us',
    },
    {
      key: 'list64_judge',
      about: 'on top of it at a gate: the verdict, CID of the input, and digest',
      value: medianOf(samples, 'judge'),
      unit: 'us',
    },
  ]
}

async function loadFigures(wasm: Uint8Array): Promise<Figure[]> {
  const cold: number[] = []
  for (let run = 0; run < COLD_RUNS; run++) {
    const engine = openOpaEngine({ meter: meterPolicy, sha256 })
    const start = performance.now()
    unwrapped(engine.load(wasm))
    cold.push(performance.now() - start)
    await engine.close()
  }
  const engine = openOpaEngine({ meter: meterPolicy, sha256 })
  engine.load(wasm)
  const samples = interleave([{ key: 'again', items: 1, run: () => void engine.load(wasm) }], 5)
  await engine.close()
  const about = 'metering, compiling and preparing the default policy'
  return [
    {
      key: 'load_first',
      about: `${about}, the first time in a process`,
      value: cold[0] ?? Number.NaN,
      unit: 'ms',
      aim: 100,
    },
    { key: 'load_cold', about: `${about}, median`, value: percentile(cold, 0.5), unit: 'ms', aim: 100 },
    {
      key: 'load_again',
      about: 'the same bytes again, found by their hash',
      value: medianOf(samples, 'again'),
      unit: 'us',
    },
  ]
}

/** The module as it came and as it was metered, each evaluated by OPA's own means alone, in turn. */
function meteringFigures(wasm: Uint8Array, input: string): Figure[] {
  const metered = unwrapped(meterPolicy(wasm))
  const pages = (metered.importedPages ?? 0) + 1
  const samples = interleave([
    { key: 'metered', items: 1, run: evaluationOf(metered.bytes, pages, input, metered.gasExport) },
    { key: 'unmetered', items: 1, run: evaluationOf(wasm, pages, input) },
  ])
  return [
    {
      key: 'unmetered',
      about: 'opa_eval alone, module as it came',
      value: medianOf(samples, 'unmetered'),
      unit: 'us',
    },
    { key: 'metered', about: 'opa_eval alone, metered', value: medianOf(samples, 'metered'), unit: 'us' },
    {
      key: 'metering',
      about: 'metered / unmetered',
      value: ratioOf(samples, 'metered', 'unmetered'),
      unit: 'ratio',
      aim: 1.3,
    },
    { key: 'module', about: 'size of the module', value: wasm.length, unit: 'bytes' },
    {
      key: 'module_metered',
      about: 'size of the metered module',
      value: metered.bytes.length,
      unit: 'bytes',
    },
  ]
}

/** What the policy reads. */
function textOf(input: Uint8Array): string {
  return encodeDagJson(unwrapped(decodeDagCbor(input)))
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}

type Calls = Readonly<Record<string, (...args: number[]) => number>>

function evaluationOf(wasm: Uint8Array, pages: number, input: string, gasExport?: string): () => void {
  const memory = new webAssembly.Memory({ initial: pages, maximum: 256 })
  const host = () => 0
  const names = ['opa_abort', 'opa_println', ...[0, 1, 2, 3, 4].map((n) => `opa_builtin${n}`)]
  const env = { memory, ...Object.fromEntries(names.map((name) => [name, host])) }
  const { exports } = new webAssembly.Instance(new webAssembly.Module(wasm), { env })
  const gas = gasExport === undefined ? { value: 0n } : (exports[gasExport] as { value: bigint })
  const calls = exports as Calls
  gas.value = BigInt(GAS)
  const data = calls['opa_value_parse']?.(put(memory.buffer, calls['opa_malloc']?.(2) ?? 0, '{}'), 2) ?? 0
  const heap = calls['opa_heap_ptr_get']?.() ?? 0
  const size = Buffer.byteLength(input)
  put(memory.buffer, heap, input)
  return () => {
    gas.value = BigInt(GAS)
    calls['opa_eval']?.(0, 0, data, heap, size, heap + size, 0)
  }
}

function put(memory: ArrayBuffer, at: number, text: string): number {
  new TextEncoder().encodeInto(text, new Uint8Array(memory, at))
  return at
}
