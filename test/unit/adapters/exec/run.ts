import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type ExecRunnerOptions, openExecRunner } from '../../../../src/adapters/exec/exec-runner.ts'
import type { ExecLimits } from '../../../../src/adapters/exec/limits.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import type { Isolation } from '../../../../src/model/isolation.ts'
import type { Job } from '../../../../src/ports/job.ts'
import type { Runner, RunOutcome } from '../../../../src/ports/runner.ts'

/** Private directories of all jobs of a test file. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'exec-test-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

export const LIMITS: ExecLimits = {
  wallMsMax: 60_000,
  cpuMsMax: 60_000,
  memoryBytesMax: 536_870_912,
  processesMax: 64,
  openFilesMax: 64,
  outputBytesMax: 65_536,
}

export const JOB: Job = {
  task: { need: 'a need', attempt: 0, task_type: 'test', capability: 'test', label: 'a test' },
  input: new TextEncoder().encode('hello'),
  seed: new Uint8Array(32),
}

export type Changes = Partial<Omit<ExecRunnerOptions, 'limits'>> & { readonly limits?: Partial<ExecLimits> }

/** A runner at `isolation`, which the operator means. */
export function runnerOf(
  command: readonly [string, ...string[]],
  isolation: Isolation,
  changes: Changes = {},
): Runner {
  return openExecRunner({
    isolation,
    least: 'none',
    unsafe: true,
    environment: {},
    readable: [process.execPath],
    folder: FOLDER,
    jobsMax: 8,
    clock: systemClock,
    ...changes,
    command,
    limits: { ...LIMITS, ...changes.limits },
  })
}

/** Runs a shell script. */
export function sh(
  script: string,
  isolation: Isolation,
  changes: Changes = {},
  signal?: AbortSignal,
): Promise<RunOutcome> {
  return runnerOf(['sh', '-c', script], isolation, changes).run(JOB, signal)
}

export function textOf(outcome: RunOutcome): string {
  if (outcome.kind !== 'done') throw new Error(`not done: ${JSON.stringify(outcome)}`)
  return new TextDecoder().decode(outcome.output)
}

/** Numbers of the living processes whose command line has this mark. */
export function living(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => commandOf(pid).includes(mark))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // it has ended
  }
}

/** What sandboxes cannot be made for here; '' where they can. */
export async function sandboxIsMissing(): Promise<string> {
  const outcome = await sh('echo', 'sandbox')
  return outcome.kind === 'refused' ? outcome.why : ''
}
