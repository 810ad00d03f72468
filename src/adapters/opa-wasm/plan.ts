import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { MeteredPolicy } from '../../ports/policy-meter.ts'
import { checkExports, checkVersion } from './abi.ts'
import type { Builtin } from './builtins/builtin.ts'
import type { EvaluationPlan } from './evaluator.ts'
import { type InstancePlan, OpaInstance } from './instance.ts'
import { takeSnapshot } from './snapshot.ts'
import { Stop } from './stop.ts'
import { type WasmModule, webAssembly } from './web-assembly.ts'

/** Gas for what happens once, before any evaluation: naming its functions, reading its data. */
const LOAD_GAS = 10_000_000

const NAMES_BYTES_MAX = 65_536

export interface PlanOptions {
  readonly builtins: readonly Builtin[]
  /** Name of the rule that is asked for; undefined: the module's first. */
  readonly entrypoint: string | undefined
  /** JSON of the base document `data`. */
  readonly data: string
  readonly output: EvaluationPlan['output']
}

/**
 * Looks at a metered module and prepares its evaluation. Rejects as `PolicyEngine.load` says. A module that traps
 * while starting is MALFORMED.
 */
export function planEvaluation(
  metered: MeteredPolicy,
  options: PlanOptions,
): Result<EvaluationPlan, Rejection> {
  const compiled = compile(metered.bytes)
  if (!compiled.ok) return compiled
  const { bytes: _, ...rest } = metered
  const plan = { ...rest, module: compiled.value }
  const exported = checkExports(plan.module)
  if (!exported.ok) return exported
  try {
    return prepare(plan, options)
  } catch (error) {
    return err(refusalOf(error))
  }
}

function compile(bytes: Uint8Array): Result<WasmModule, Rejection> {
  try {
    return ok(new webAssembly.Module(bytes))
  } catch (error) {
    if (!(error instanceof webAssembly.CompileError)) throw error
    return reject('MALFORMED', 'a policy is valid WebAssembly', 'wasm')
  }
}

function prepare(plan: InstancePlan, options: PlanOptions): Result<EvaluationPlan, Rejection> {
  const names = readNames(plan)
  if (!names.ok) return names
  const builtins = chooseBuiltins(names.value.builtins, options.builtins)
  if (!builtins.ok) return builtins
  const entrypoint = chooseEntrypoint(names.value.entrypoints, options.entrypoint)
  if (!entrypoint.ok) return entrypoint
  const start = loadData(new OpaInstance(plan), options.data)
  if (!start.ok) return start
  return ok({
    ...plan,
    ...start.value,
    builtins: builtins.value,
    entrypoint: entrypoint.value,
    output: options.output,
  })
}

interface Names {
  readonly builtins: ReadonlyMap<string, number>
  readonly entrypoints: ReadonlyMap<string, number>
}

/** By an instance of its own: asking leaves traces in the memory. */
function readNames(plan: InstancePlan): Result<Names, Rejection> {
  const instance = new OpaInstance(plan)
  const version = checkVersion(instance.rawExports)
  if (!version.ok) return version
  instance.gasLeft = LOAD_GAS
  const { exports, memory } = instance
  const mapAt = (value: number) =>
    parseNumbers(memory.textAt(exports.dumpJson(value), NAMES_BYTES_MAX, 'output'))
  return ok({ builtins: mapAt(exports.builtins()), entrypoints: mapAt(exports.entrypoints()) })
}

/** `{"name": 0, …}`. Stops for anything else. */
function parseNumbers(text: string): ReadonlyMap<string, number> {
  const entries = Object.entries(parseJson(text))
  if (entries.some(([, id]) => !Number.isInteger(id)))
    throw new Stop('output', 'the policy numbers its names wrongly')
  return new Map(entries as [string, number][])
}

function parseJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below: a text that is no JSON and one that is no map are refused alike.
  }
  throw new Stop('output', 'the policy does not name its functions')
}

function chooseBuiltins(
  wanted: ReadonlyMap<string, number>,
  allowed: readonly Builtin[],
): Result<ReadonlyMap<number, Builtin>, Rejection> {
  const chosen = new Map<number, Builtin>()
  for (const [name, id] of wanted) {
    const builtin = allowed.find((one) => one.name === name)
    if (builtin === undefined) {
      return reject(
        'UNKNOWN_CAPABILITY',
        `a policy may not use ${name}: no function of the host is so called`,
        name,
      )
    }
    chosen.set(id, builtin)
  }
  return ok(chosen)
}

function chooseEntrypoint(
  there: ReadonlyMap<string, number>,
  wanted: string | undefined,
): Result<number, Rejection> {
  const id = wanted === undefined ? 0 : there.get(wanted)
  if (id !== undefined) return ok(id)
  const names = [...there.keys()].join(', ')
  return reject('MALFORMED', `a policy has the entrypoint ${wanted}, not ${names}`, 'wasm.entrypoints')
}

function loadData(
  instance: OpaInstance,
  json: string,
): Result<Pick<EvaluationPlan, 'snapshot' | 'data' | 'heap'>, Rejection> {
  const { exports, memory } = instance
  instance.gasLeft = LOAD_GAS
  const at = exports.malloc(Buffer.byteLength(json))
  const size = memory.writeText(at, json)
  const data = size === -1 ? 0 : exports.parse(at, size)
  if (data === 0) return reject('MALFORMED', 'the policy cannot read its data', 'wasm')
  const heap = exports.heapPointer()
  instance.gasLeft = 0
  const snapshot = takeSnapshot(instance)
  if (snapshot === undefined) return reject('MALFORMED', 'no global of a policy holds NaN', 'wasm')
  return ok({ snapshot, data, heap })
}

/** Why a module did not start. Throws what is not its own doing. */
function refusalOf(error: unknown): Rejection {
  if (error instanceof Stop) return { code: 'MALFORMED', message: error.message, field: 'wasm' }
  const ours = [webAssembly.RuntimeError, webAssembly.LinkError, TypeError]
  if (ours.some((kind) => error instanceof kind)) {
    return { code: 'MALFORMED', message: 'a policy starts without a trap and within its gas', field: 'wasm' }
  }
  throw error
}
