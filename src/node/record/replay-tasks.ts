import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../adapters/system/clock.ts'
import type { TaskPool } from '../../adapters/wasm/task-pool.ts'
import { openWasmRunner } from '../../adapters/wasm/wasm-runner.ts'
import { equalBytes } from '../../codec/bytes.ts'
import { type CID, cidOf, parseCid, RAW } from '../../codec/cid.ts'
import { taskSeed } from '../../codec/job/task-seed.ts'
import { moduleOfCapability } from '../../codec/job/wasm-capability.ts'
import { FaultError } from '../../model/fault.ts'
import type { Job } from '../../ports/job.ts'
import type { RunOutcome } from '../../ports/runner.ts'
import type { ReplayedOutcome, ReplayedTask, TaskReplay } from '../../ports/task-replay.ts'
import { offline } from '../offline.ts'
import { openTaskPool, WASM_LIMITS } from '../tasks/wasm.ts'

const { sha256 } = offline.crypto

/**
 * Does tasks of WebAssembly again (check 11): module and input from the file, or from a folder in which content stands
 * under the text of its CID. No thread is started before the first task. The caller closes it.
 */
export class WasmReplay implements TaskReplay {
  readonly #cas: string | undefined
  #pool: TaskPool | undefined

  constructor(cas: string | undefined) {
    this.#cas = cas
  }

  async run(task: ReplayedTask): Promise<ReplayedOutcome> {
    const cid = moduleOfCapability(task.capability)
    if (cid === undefined) return undone(`nobody here does ${task.capability}`)
    const wasm = this.#bytesOf(cid.toString(), task)
    if (wasm === undefined) return undone(`module ${cid.toString()} is not at hand`)
    const input = typeof task.input === 'string' ? this.#bytesOf(task.input, task) : task.input
    if (input === undefined) return undone(`input ${String(task.input)} is not at hand`)
    this.#pool ??= openTaskPool(systemClock)
    const runner = openWasmRunner({ pool: this.#pool, wasm, limits: WASM_LIMITS, clock: systemClock })
    return outcomeOf(await runner.run(jobOf(task, input)))
  }

  async close(): Promise<void> {
    await this.#pool?.close()
  }

  /** Content of the file was held against its name; what a folder has is here. Faults `store-damaged`. */
  #bytesOf(name: string, { content }: ReplayedTask): Uint8Array | undefined {
    const known = content(name)
    const path = this.#cas === undefined ? undefined : join(this.#cas, name)
    if (known !== undefined || path === undefined || !existsSync(path)) return known
    const bytes = new Uint8Array(readFileSync(path))
    const cid = parseCid(name)
    if (cid.ok && isOf(cid.value, bytes)) return bytes
    throw new FaultError('store-damaged', `${path} is not what its name says`)
  }
}

function isOf(cid: CID, bytes: Uint8Array): boolean {
  return equalBytes(cid.multihash.digest, sha256(bytes))
}

/** As a worker's own run of it: of the task itself a module sees nothing but its input. */
function jobOf({ need, capability, gasMax }: ReplayedTask, input: Uint8Array): Job {
  return {
    task: { need, attempt: 0, task_type: '', capability, label: '' },
    input,
    seed: taskSeed(need, sha256),
    ...(gasMax === undefined ? {} : { limits: { gasMax } }),
  }
}

function outcomeOf(outcome: RunOutcome): ReplayedOutcome {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'done', artifact: cidOf(outcome.output, sha256, RAW).toString() }
    case 'failed':
      return { kind: 'failed', why: outcome.exit.kind }
    case 'limited':
      // Time runs against this machine; every other bound is the same everywhere.
      return outcome.limit === 'wall'
        ? undone('a task took too long here')
        : { kind: 'failed', why: outcome.limit }
    case 'refused':
      return outcome.code === 'module'
        ? { kind: 'failed', why: outcome.why }
        : undone(`${outcome.code}: ${outcome.why}`)
    default:
      return outcome satisfies never
  }
}

function undone(why: string): ReplayedOutcome {
  return { kind: 'undone', why }
}
