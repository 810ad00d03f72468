import type { Delivery } from '../../core/agent/work.ts'
import { FaultError } from '../../model/fault.ts'
import type { Runner, RunOutcome } from '../../ports/runner.ts'
import { contentOf, runTask, type Task, type TaskWorld } from './task.ts'

/**
 * Does a need's work. Whatever keeps it from a result is a failure with its reason, so that the lease goes to the next worker.
 * Rejects with the signal's reason alone.
 */
export async function deliver(
  task: Task,
  runner: Runner,
  world: TaskWorld,
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const outcome = await runTask(task, runner, world, signal)
    return outcome.kind === 'done'
      ? await delivered(task, outcome, world)
      : { kind: 'failed', reason: whyNot(outcome) }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    return { kind: 'failed', reason: `${error.code}: ${error.message}` }
  }
}

type Done = Extract<RunOutcome, { kind: 'done' }>

async function delivered({ need }: Task, { output, usage }: Done, { content }: TaskWorld): Promise<Delivery> {
  const artifact = await contentOf(output, content)
  if ('cid' in artifact) await content.pin(artifact.cid, `need/${need.id}`)
  const { gas = 0, bytes, wallMs } = usage
  return { kind: 'delivered', artifact, telemetry: { gas, bytes, wall_time: wallMs } }
}

/** Why there is no result, for people. */
export function whyNot(outcome: Exclude<RunOutcome, Done>): string {
  if (outcome.kind === 'refused') return `${outcome.code}: ${outcome.why}`
  if (outcome.kind === 'limited') return `limit: ${outcome.limit}`
  const { exit } = outcome
  const end = exit.kind === 'code' ? `code ${exit.code}` : exit.kind === 'signal' ? exit.signal : exit.kind
  return `ended with ${end}`
}
