import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/** A task's module with gas, call depth and canonical NaN put in. */
export interface MeteredTask {
  readonly bytes: Uint8Array
  readonly meterVersion: number
  /** Name of the exported i64 global that holds the gas left; below 0 once it ran out. */
  readonly gasExport: string
  /** Name of the exported i32 global that holds the stack left; below 0 once calls went too deep. */
  readonly stackExport: string
}

/** Pure: the same bytes give the same module on every node. Rejects MALFORMED, TOO_LARGE, UNKNOWN_CAPABILITY. */
export type MeterTask = (wasm: Uint8Array) => Result<MeteredTask, Rejection>
