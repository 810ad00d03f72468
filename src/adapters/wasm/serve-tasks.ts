import { parentPort } from 'node:worker_threads'
import { assert, FaultError } from '../../model/fault.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { MeterTask } from '../../ports/task-meter.ts'
import { planTask, type TaskPlan } from './plan-task.ts'
import { TaskSite, type WasmJob, type WasmOutcome } from './task-site.ts'

/** Modules of which a thread keeps an instance. */
const SITES_MAX = 16

/** What goes to a worker thread: nothing that matters stays there. */
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
  const sites = new LruMap<string, TaskSite>(SITES_MAX)
  port.on('message', (order: Order) => {
    port.postMessage(answerTo(order, meter, sites))
  })
}

function answerTo(order: Order, meter: MeterTask, sites: LruMap<string, TaskSite>): Answer {
  try {
    if (order.kind === 'plan') return { kind: 'plan', plan: planTask(order.wasm, meter) }
    const { plan, job } = order
    const site = sites.get(plan.key) ?? new TaskSite(plan)
    sites.set(plan.key, site)
    return { kind: 'run', outcome: site.run(job) }
  } catch (error) {
    if (error instanceof FaultError) return { kind: 'fault', message: error.message }
    throw error
  }
}
