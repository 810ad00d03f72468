import { availableParallelism } from 'node:os'
import type { WasmLimits } from '../../adapters/wasm/task-job.ts'
import { TaskPool } from '../../adapters/wasm/task-pool.ts'
import type { Clock } from '../../ports/clock.ts'

const QUEUE_MAX = 4_096

/** What a task may use when nobody says anything: some ten seconds of one processor, an output of 16 MiB. */
export const WASM_LIMITS: WasmLimits = {
  gasMax: 10_000_000_000,
  outputBytesMax: 16_777_216,
  wallMsMax: 600_000,
}

/** Threads for tasks of WebAssembly, one processor left to the node where there are two. The caller closes it. */
export function openTaskPool(clock: Clock): TaskPool {
  return new TaskPool({
    source: { kind: 'module', url: new URL('./wasm-worker.ts', import.meta.url) },
    threadsMax: Math.max(1, availableParallelism() - 1),
    queueMax: QUEUE_MAX,
    clock,
  })
}
