import { parentPort } from 'node:worker_threads'
import { assert, FaultError } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { MeterTask } from '../../ports/task-meter.ts'
import { planTask, runTask, type TaskPlan, type WasmJob, type WasmOutcome } from './run-wasm.ts'

/** What goes to a worker thread: nothing of it stays there. */
export type Order =
  | { readonly kind: 'plan'; readonly wasm: Uint8Array }
  | { readonly kind: 'run'; readonly plan: TaskPlan; readonly job: WasmJob }

/** What comes back for each, in order. */
export type Answer =
  | { readonly kind: 'plan'; readonly plan: Result<TaskPlan, Rejection> }
  | { readonly kind: 'run'; readonly outcome: WasmOutcome }
  | { readonly kind: 'fault'; readonly message: string }

/** The whole of a thread that runs tasks: call it from the module that the thread is started with. */
export function serveTasks(meter: MeterTask): void {
  const port = parentPort
  assert(port !== null, 'tasks are served in a worker thread')
  port.on('message', (order: Order) => {
    port.postMessage(answerTo(order, meter))
  })
}

function answerTo(order: Order, meter: MeterTask): Answer {
  try {
    return order.kind === 'plan'
      ? { kind: 'plan', plan: planTask(order.wasm, meter) }
      : { kind: 'run', outcome: runTask(order.plan, order.job) }
  } catch (error) {
    if (error instanceof FaultError) return { kind: 'fault', message: error.message }
    throw error
  }
}
