import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { MeteredPolicy } from '../../ports/policy-meter.ts'
import { type AllowedImport, METER_CONFIG, METER_LIMITS, type MeterConfig } from '../meter/config.ts'
import { INJECTED } from '../meter/injected.ts'
import { meter } from '../meter/meter.ts'

/** Of a module: Rego of 100 kB, regular expressions included, compiles to less than a third. */
const MODULE_BYTES_MAX = 2_097_152

/** 16 MiB, of which 1,000,000 gas pays for one. */
const MEMORY_PAGES_MAX = 256

/** What OPA's modules import, and all that a policy may. Source: OPA, WebAssembly ABI 1.3, "Imports". */
const ABI_IMPORTS: readonly AllowedImport[] = [
  { module: 'env', name: 'memory', kind: 'memory' },
  hostFunction('opa_abort', 1, 0),
  hostFunction('opa_println', 1, 0),
  hostFunction('opa_builtin0', 2, 1),
  hostFunction('opa_builtin1', 3, 1),
  hostFunction('opa_builtin2', 4, 1),
  hostFunction('opa_builtin3', 5, 1),
  hostFunction('opa_builtin4', 6, 1),
]

/** How policies are metered: part of what nodes agree on, so a change is a change of the network. */
export const POLICY_METER: MeterConfig = {
  ...METER_CONFIG,
  limits: { ...METER_LIMITS, bytesMax: MODULE_BYTES_MAX },
  imports: ABI_IMPORTS,
  startGas: 1_000_000,
  memoryPagesMax: MEMORY_PAGES_MAX,
  exportGlobals: true,
}

/**
 * Meters a policy's module. Rejects TOO_LARGE, and MALFORMED for what the meter refuses and for `data.drop`,
 * which cannot be undone: an evaluation could leave a trace for the next.
 */
export function meterPolicy(wasm: Uint8Array): Result<MeteredPolicy, Rejection> {
  if (wasm.length > MODULE_BYTES_MAX) {
    return reject('TOO_LARGE', `a policy's module has at most ${MODULE_BYTES_MAX} bytes`, 'wasm')
  }
  const metered = meter(wasm, POLICY_METER)
  if (!metered.ok) {
    const { code, message, offset } = metered.error
    return reject('MALFORMED', `${code} at byte ${offset}: ${message}`, 'wasm')
  }
  const { bytes, meterVersion, memory, dropsData } = metered.value
  if (memory === undefined) return reject('MALFORMED', 'a policy has a memory', 'wasm')
  if (dropsData) return reject('MALFORMED', 'a policy drops no data segments', 'wasm')
  return ok({
    bytes,
    meterVersion,
    exportsPrefix: INJECTED.prefix,
    gasExport: INJECTED.gas,
    stackExport: INJECTED.stack,
    importedPages: memory.imported ? memory.min : undefined,
    pagesMax: MEMORY_PAGES_MAX,
  })
}

function hostFunction(name: string, params: number, results: number): AllowedImport {
  return { module: 'env', name, kind: 'function', params: i32s(params), results: i32s(results) }
}

function i32s(count: number): readonly 'i32'[] {
  return Array<'i32'>(count).fill('i32')
}
