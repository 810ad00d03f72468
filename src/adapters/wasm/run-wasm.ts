import { FaultError } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { MeteredTask, MeterTask } from '../../ports/task-meter.ts'
import { wasiCalls } from './calls.ts'
import { GuestMemory } from './guest-memory.ts'
import { Stop } from './stop.ts'
import { type WasmGlobal, type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts'
import { World, type WorldSetup } from './world.ts'

/** A module that was metered and compiled. Can be sent to a worker thread. */
export interface TaskPlan extends Omit<MeteredTask, 'bytes'> {
  readonly module: WasmModule
}

export interface WasmJob extends WorldSetup {
  /** Integer in [0, 2^53). */
  readonly gasMax: number
}

/** How a task ended: every field is the same on every node, a function of module and job. */
export type WasmOutcome = { readonly gas: number } & (
  | { readonly kind: 'done'; readonly output: Uint8Array }
  | { readonly kind: 'exited'; readonly code: number; readonly stderr: string }
  | { readonly kind: 'trapped'; readonly stderr: string }
  /** `gas` is the limit where that was what ran out. */
  | { readonly kind: 'limited'; readonly limit: 'gas' | 'depth' | 'output'; readonly stderr: string }
)

/**
 * Meters and compiles a module. Rejects as `meterTask` says, and MALFORMED for one that the engine does not compile or
 * that exports no function `_start` or no memory `memory`.
 */
export function planTask(wasm: Uint8Array, meter: MeterTask): Result<TaskPlan, Rejection> {
  const metered = meter(wasm)
  if (!metered.ok) return metered
  const { bytes, ...rest } = metered.value
  const module = compile(bytes)
  if (!module.ok) return module
  const exported = webAssembly.Module.exports(module.value)
  const has = (name: string, kind: string): boolean =>
    exported.some((one) => one.name === name && one.kind === kind)
  if (!has('_start', 'function')) return reject('MALFORMED', 'a task exports the function _start', 'wasm')
  if (!has('memory', 'memory')) return reject('MALFORMED', 'a task exports its memory', 'wasm')
  return ok({ ...rest, module: module.value })
}

function compile(bytes: Uint8Array): Result<WasmModule, Rejection> {
  try {
    return ok(new webAssembly.Module(bytes))
  } catch (error) {
    if (!(error instanceof webAssembly.CompileError)) throw error
    return err({ code: 'MALFORMED', message: 'a task is valid WebAssembly', field: 'wasm' })
  }
}

/**
 * Runs a task to its end, here and now. A bad module is an outcome, never a throw. Faults `worker` when the machine
 * has no memory or stack left: nothing is known, asking again is safe.
 */
export function runTask(plan: TaskPlan, job: WasmJob): WasmOutcome {
  const world = new World(job)
  const started = instantiate(plan, world)
  if (started === undefined) return { kind: 'trapped', gas: 0, stderr: '' }
  const { gas, stack } = started
  gas.value = BigInt(job.gasMax)
  const stop = stopOf(started)
  const left = Number(gas.value)
  if (left < 0) return { kind: 'limited', limit: 'gas', gas: job.gasMax, stderr: world.stderr.text() }
  const used = job.gasMax - left
  if (stop === undefined) return { kind: 'done', gas: used, output: world.stdout.take() }
  const stderr = world.stderr.text()
  if (stop !== 'trap') return { ...stop, gas: used, stderr }
  return Number(stack.value) < 0
    ? { kind: 'limited', limit: 'depth', gas: used, stderr }
    : { kind: 'trapped', gas: used, stderr }
}

type EarlyEnd =
  | 'trap'
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'limited'; readonly limit: 'gas' | 'output' }

/** How the task ended itself or was ended; undefined when all went well. Throws what is not its own doing. */
function stopOf({ start }: Started): EarlyEnd | undefined {
  // One that wants arguments is no `_start`.
  if (start.length !== 0) return 'trap'
  try {
    start()
    return undefined
  } catch (error) {
    if (error instanceof webAssembly.RuntimeError) return 'trap'
    if (!(error instanceof Stop)) throw notItsDoing(error)
    const { how } = error
    if (how.kind === 'limit') return { kind: 'limited', limit: how.limit }
    return how.code === 0 ? undefined : { kind: 'exited', code: how.code }
  }
}

/** Such as the engine's own stack or memory, which depend on who called: an outcome would not be the same everywhere. */
function notItsDoing(cause: unknown): unknown {
  return cause instanceof RangeError
    ? new FaultError('worker', 'a task ended by what is not its own doing', { cause })
    : cause
}

/** `runTask` of a module's bytes. Rejects what `planTask` refuses. */
export function runWasm(wasm: Uint8Array, job: WasmJob, meter: MeterTask): Result<WasmOutcome, Rejection> {
  const plan = planTask(wasm, meter)
  return plan.ok ? ok(runTask(plan.value, job)) : plan
}

interface Started {
  readonly start: () => void
  readonly gas: WasmGlobal
  readonly stack: WasmGlobal
}

/** Undefined where a segment of the module does not fit, which is a trap. */
function instantiate({ module, gasExport, stackExport }: TaskPlan, world: World): Started | undefined {
  const made: { exports: Readonly<Record<string, unknown>> } = { exports: {} }
  const memory = new GuestMemory({
    get buffer() {
      return (made.exports['memory'] as WasmMemory).buffer
    },
  })
  const charge = (gas: number): void => takeGas(made.exports[gasExport] as WasmGlobal, gas)
  const exports = exportsOf(module, { wasi_snapshot_preview1: wasiCalls({ world, memory, charge }) })
  if (exports === undefined) return undefined
  made.exports = exports
  return {
    start: exports['_start'] as () => void,
    gas: exports[gasExport] as WasmGlobal,
    stack: exports[stackExport] as WasmGlobal,
  }
}

function exportsOf(module: WasmModule, imports: Readonly<Record<string, unknown>>) {
  try {
    return new webAssembly.Instance(module, imports).exports
  } catch (error) {
    if (error instanceof webAssembly.RuntimeError) return undefined
    throw notItsDoing(error)
  }
}

function takeGas(global: WasmGlobal, gas: number): void {
  const left = (global.value as bigint) - BigInt(gas)
  global.value = left
  if (left < 0n) throw new Stop({ kind: 'limit', limit: 'gas' })
}
