import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { MeteredTask } from '../../ports/task-meter.ts'
import { METER_CONFIG, type MeterConfig } from '../meter/config.ts'
import { INJECTED } from '../meter/injected.ts'
import { meter } from '../meter/meter.ts'
import { WASI_IMPORTS } from './wasi-imports.ts'

/**
 * How tasks are metered: the prices and limits of policies, with larger modules, 256 MiB of memory, and WASI in the
 * place of OPA's functions. Part of what nodes agree on.
 */
const TASK_METER: MeterConfig = { ...METER_CONFIG, imports: WASI_IMPORTS, exportGlobals: true }

/**
 * Meters a task's module. Rejects TOO_LARGE; UNKNOWN_CAPABILITY for an import that is not WASI's, by its name;
 * MALFORMED for everything else that the meter refuses, start functions among it, and for a module without memory.
 */
export function meterTask(wasm: Uint8Array): Result<MeteredTask, Rejection> {
  const { bytesMax } = TASK_METER.limits
  if (wasm.length > bytesMax)
    return reject('TOO_LARGE', `a task's module has at most ${bytesMax} bytes`, 'wasm')
  const metered = meter(wasm, TASK_METER)
  if (!metered.ok) {
    const { code, message, offset } = metered.error
    const why = code === 'IMPORT' ? 'UNKNOWN_CAPABILITY' : 'MALFORMED'
    return reject(why, `${code} at byte ${offset}: ${message}`, 'wasm')
  }
  const { bytes, meterVersion, memory, globals, dropsData } = metered.value
  if (memory === undefined) return reject('MALFORMED', 'a task has a memory', 'wasm')
  return ok({
    bytes,
    meterVersion,
    gasExport: INJECTED.gas,
    stackExport: INJECTED.stack,
    globals,
    isRestorable: !dropsData,
  })
}
