import { planTask } from '../../../../src/adapters/wasm/plan-task.ts'
import { runWasm } from '../../../../src/adapters/wasm/run-wasm.ts'
import { TaskSite, type WasmJob, type WasmOutcome } from '../../../../src/adapters/wasm/task-site.ts'
import { meterTask } from '../../../../src/core/task/meter-task.ts'

export const SEED = Uint8Array.from({ length: 32 }, (_, index) => index)

export const JOB: WasmJob = {
  args: ['task'],
  env: [],
  input: new Uint8Array(0),
  files: [],
  seed: SEED,
  gasMax: 10_000_000,
  outputBytesMax: 65_536,
}

/** Runs a module that is not refused. */
export function runHere(wasm: Uint8Array, job: Partial<WasmJob> = {}): WasmOutcome {
  const outcome = runWasm(wasm, { ...JOB, ...job }, meterTask)
  if (!outcome.ok) throw new Error(outcome.error.message)
  return outcome.value
}

/** Where tasks of a module run, one after another. */
export function siteOf(wasm: Uint8Array): TaskSite {
  const plan = planTask(wasm, meterTask)
  if (!plan.ok) throw new Error(plan.error.message)
  return new TaskSite(plan.value)
}

/** Output of a task that is done. */
export function outputOf(wasm: Uint8Array, job: Partial<WasmJob> = {}): Uint8Array {
  const outcome = runHere(wasm, job)
  if (outcome.kind !== 'done') throw new Error(`the task was ${outcome.kind}`)
  return outcome.output
}

export function bytesOf(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Numbers of 32 bits, one after another. */
export function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true))
}

export function u64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true)
}
