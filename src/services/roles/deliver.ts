import type { Delivery } from '../../core/agent/work.ts'
import { FaultError } from '../../model/fault.ts'
import type { RunOutcome } from '../../ports/runner.ts'
import type { Capability } from './capability.ts'
import { contentOf, runTask, type Task, type TaskWorld } from './task.ts'

/**
 * Does a need's work. Whatever keeps it from a result is a failure with its reason, so that the lease goes to the next worker.
 * Rejects with the signal's reason alone.
 */
export async function deliver(
  task: Task,
  { runner, subNeedsOf }: Pick<Capability, 'runner' | 'subNeedsOf'>,
  world: TaskWorld,
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const outcome = await runTask(task, runner, world, signal)
    if (outcome.kind !== 'done') {
      return { kind: 'failed', reason: whyNot(outcome), detail: lastWords(outcome) }
    }
    const subNeeds = subNeedsOf?.(task.need.id, task.attempt) ?? []
    return { ...(await delivered(task, outcome, world)), subNeeds }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    return { kind: 'failed', reason: `${error.code}: ${error.message}` }
  }
}

type Delivered = Extract<Delivery, { kind: 'delivered' }>
type Done = Extract<RunOutcome, { kind: 'done' }>

async function delivered(
  { need }: Task,
  { output, usage }: Done,
  { content }: TaskWorld,
): Promise<Delivered> {
  const artifact = await contentOf(output, content)
  if ('cid' in artifact) await content.pin(artifact.cid, `need/${need.id}`)
  const { gas = 0, bytes, wallMs } = usage
  return { kind: 'delivered', artifact, telemetry: { gas, bytes, wall_time: wallMs } }
}

const WORDS_MAX = 300
const CONTROL = /\p{Cc}+/gu

/** The end of what a task said on its standard error, on one line. */
function lastWords(outcome: Exclude<RunOutcome, Done>): string {
  if (outcome.kind === 'refused') return ''
  const said = outcome.stderr.trim().replaceAll(CONTROL, ' ')
  return said.length > WORDS_MAX ? `…${said.slice(-WORDS_MAX)}` : said
}

/** Why there is no result, for people. */
export function whyNot(outcome: Exclude<RunOutcome, Done>): string {
  if (outcome.kind === 'refused') return `${outcome.code}: ${outcome.why}`
  if (outcome.kind === 'limited') return `limit: ${outcome.limit}`
  const { exit } = outcome
  const end = exit.kind === 'code' ? `code ${exit.code}` : exit.kind === 'signal' ? exit.signal : exit.kind
  return `ended with ${end}`
}
