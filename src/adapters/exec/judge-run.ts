import type { Exit, LimitName, RunOutcome, Usage } from '../../ports/runner.ts'
import type { Child } from './child.ts'
import { type JobFolder, readOutput } from './job-folder.ts'
import type { Launch } from './launch.ts'
import type { ExecLimits } from './limits.ts'

/** A run that is over. */
export interface EndedRun {
  readonly child: Child
  readonly exit: Exit
  /** What it was ended for, when it was. */
  readonly limit: LimitName | undefined
  readonly launch: Launch
  readonly folder: JobFolder
  readonly limits: ExecLimits
  /** Without the output. */
  readonly usage: Usage
}

/** Signals by which the kernel says that a limit was passed. */
const LIMIT_OF_SIGNAL: Readonly<Record<string, LimitName>> = { SIGXCPU: 'cpu', SIGXFSZ: 'output' }

/** What came of it: a limit before anything else, then how it ended, then what it left. */
export async function judgeRun(run: EndedRun): Promise<RunOutcome> {
  const { child, exit, launch, usage } = run
  const { stderr } = child
  const limit = run.limit ?? (exit.kind === 'signal' ? LIMIT_OF_SIGNAL[exit.signal] : undefined)
  if (limit !== undefined) return { kind: 'limited', limit, stderr, usage }
  if (launch.hasStatus && exit.kind === 'code' && !child.status.includes('"exit-code"')) {
    return { kind: 'refused', code: 'missing', why: `the sandbox could not be made: ${stderr.trim()}` }
  }
  const ended = exit.kind === 'code' && exit.code === 0
  return ended ? await resultOf(run) : { kind: 'failed', exit, stderr, usage }
}

async function resultOf({ child, folder, limits, usage }: EndedRun): Promise<RunOutcome> {
  const { stderr } = child
  const output = (await readOutput(folder, limits.outputBytesMax)) ?? child.stdout
  if (output === 'too-large') return { kind: 'limited', limit: 'output', stderr, usage }
  if (output.length === 0) return { kind: 'failed', exit: { kind: 'no-output' }, stderr, usage }
  return { kind: 'done', output, usage: { ...usage, bytes: usage.bytes + output.length } }
}
