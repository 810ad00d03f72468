import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { MeterTask } from '../../ports/task-meter.ts'
import { planTask } from './plan-task.ts'
import { TaskSite, type WasmJob, type WasmOutcome } from './task-site.ts'

/** Runs one task of a module, here and now, as `TaskSite.run` says. Rejects what `planTask` refuses. */
export function runWasm(wasm: Uint8Array, job: WasmJob, meter: MeterTask): Result<WasmOutcome, Rejection> {
  const plan = planTask(wasm, meter)
  return plan.ok ? ok(new TaskSite(plan.value).run(job)) : plan
}
