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
  /** Names of exported globals that a run may change, besides those two. */
  readonly globals: readonly string[]
  /** False: an instance keeps a trace of what ran in it that nobody can take back. */
  readonly isRestorable: boolean
}

/** Pure: the same bytes give the same module on every node. Rejects MALFORMED, TOO_LARGE, UNKNOWN_CAPABILITY. */
export type MeterTask = (wasm: Uint8Array) => Result<MeteredTask, Rejection>
