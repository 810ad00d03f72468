import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/** A policy's module with gas, call depth and canonical NaN put in. */
export interface MeteredPolicy {
  readonly bytes: Uint8Array
  readonly meterVersion: number
  /** How the names of all exports begin that metering has added. */
  readonly exportsPrefix: string
  /** Name of the exported i64 global that holds the gas left; below 0 once it ran out. */
  readonly gasExport: string
  /** Name of the exported i32 global that holds the stack left; below 0 once calls went too deep. */
  readonly stackExport: string
  /** Pages of memory that the module asks the host for; undefined: it brings its own. */
  readonly importedPages: number | undefined
  /** Pages that the memory may reach. */
  readonly pagesMax: number
}

/** Pure: the same bytes give the same module on every node. Rejects MALFORMED, TOO_LARGE. */
export type MeterPolicy = (wasm: Uint8Array) => Result<MeteredPolicy, Rejection>
