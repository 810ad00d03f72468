import type { Isolation } from '../model/isolation.ts'
import type { Job } from './job.ts'

/**
 * Which bound ended a task. `gas`, `depth` and `output` of a deterministic task are the same on every node. Memory of
 * WebAssembly is no such bound: it does not grow beyond its pages, which the task is told.
 */
export type LimitName = 'gas' | 'depth' | 'output' | 'wall' | 'cpu' | 'memory' | 'processes'

export interface Usage {
  /** Of a metered task alone; equal on every node. */
  readonly gas?: number
  /** Of all inputs and of the output. */
  readonly bytes: number
  /** For information: differs from run to run. */
  readonly wallMs: number
}

/** How a process or module ended by itself, without a usable result. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** WebAssembly stopped itself. */
  | { readonly kind: 'trap' }
  /** It ended well, but what it left is no result. */
  | { readonly kind: 'no-output' }

/**
 * Why a job was not begun.
 * - isolation: the runner cannot give the level that is asked for; unsafe: level `none` without the operator's word;
 * - missing: something that has to be on this machine is not; module: WebAssembly that is not run, and why;
 * - job: against the rules for jobs; closed: the runner is; busy: its queue is full.
 */
export type RefusalCode = 'isolation' | 'unsafe' | 'missing' | 'module' | 'job' | 'closed' | 'busy'

export type RunOutcome =
  | { readonly kind: 'done'; readonly output: Uint8Array; readonly usage: Usage }
  /** `stderr`: the last 4,096 bytes at most, for people. A stranger's: not to be trusted. */
  | { readonly kind: 'failed'; readonly exit: Exit; readonly stderr: string; readonly usage: Usage }
  | { readonly kind: 'limited'; readonly limit: LimitName; readonly stderr: string; readonly usage: Usage }
  /** `why`: for people, with what is missing by its name. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly why: string }

/** Runs tasks of one command or one module. Source: operations.md, "Agents". */
export interface Runner {
  /** True: the same job gives the same outcome on every node, so that a verifier compares bytes. */
  readonly isDeterministic: boolean
  /** What the runner gives; a job that asks for more is refused. */
  readonly isolation: Isolation
  /**
   * Runs one job to its end; nothing of it is left afterwards, whatever the outcome. Jobs may be in flight together.
   * Aborted: everything that it started is ended first, then the promise rejects with the signal's reason. Faults
   * `worker` when the machine failed and not the job: nothing is known, asking again is safe.
   */
  run(job: Job, signal?: AbortSignal): Promise<RunOutcome>
  /** Ends what is under way (those reject with fault `worker`) and starts nothing more. May be called twice. */
  close(): Promise<void>
}
