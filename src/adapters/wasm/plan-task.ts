import { hash } from 'node:crypto'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { MeteredTask, MeterTask } from '../../ports/task-meter.ts'
import { type WasmModule, webAssembly } from './web-assembly.ts'

/** A module that was metered and compiled. Can be sent to a worker thread. */
export interface TaskPlan extends Omit<MeteredTask, 'bytes'> {
  readonly module: WasmModule
  /** SHA-256 of the module as its author made it, in hex. */
  readonly key: string
}

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
  return ok({ ...rest, module: module.value, key: hash('sha256', wasm) })
}

function compile(bytes: Uint8Array): Result<WasmModule, Rejection> {
  try {
    return ok(new webAssembly.Module(bytes))
  } catch (error) {
    if (!(error instanceof webAssembly.CompileError)) throw error
    return err({ code: 'MALFORMED', message: 'a task is valid WebAssembly', field: 'wasm' })
  }
}
