import { INPUT_FILE } from '../../codec/job/check-job.ts'
import type { Job } from '../../ports/job.ts'
import type { WasmJob } from './task-site.ts'

/** What a task of WebAssembly may use, unless its job says less. Integers from 1. */
export interface WasmLimits {
  readonly gasMax: number
  readonly outputBytesMax: number
  /** Against a slow machine, not against the task: gas ends that. */
  readonly wallMsMax: number
}

/** The one argument that every task gets: the name it is called by. */
const ARGS: readonly string[] = ['task']

/**
 * What a module sees of a job: the input on standard input and as the file `/input`, further files beside it, and
 * chance of the need. Nothing of who runs it, when, or in which attempt, so that a replay gives it the same.
 */
export function taskJob(
  { input, files = [], seed, limits = {} }: Pick<Job, 'input' | 'files' | 'seed' | 'limits'>,
  most: WasmLimits,
): { readonly task: WasmJob; readonly wallMsMax: number } {
  const task = {
    args: ARGS,
    env: [],
    input,
    files: [{ name: INPUT_FILE, bytes: input }, ...files],
    seed,
    gasMax: Math.min(limits.gasMax ?? most.gasMax, most.gasMax),
    outputBytesMax: Math.min(limits.outputBytesMax ?? most.outputBytesMax, most.outputBytesMax),
  }
  return { task, wallMsMax: Math.min(limits.wallMsMax ?? most.wallMsMax, most.wallMsMax) }
}
