import type { CID } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { taskSeed } from '../../codec/job/task-seed.ts'
import type { Content } from '../../core/agent/content.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { ContentStore } from '../../ports/content-store.ts'
import { FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Job, JobFile } from '../../ports/job.ts'
import type { Runner, RunOutcome } from '../../ports/runner.ts'

/** A result up to here travels in its COMMIT: 64 KiB less room for what else a payload holds. */
const INLINE_ARTIFACT_BYTES_MAX = 61_440

/** How often a job is begun again when the machine failed and not the job. */
const RUNS_MAX = 3

export interface TaskWorld {
  readonly content: ContentStore
  readonly sha256: Sha256
  /** What of a finished need is there: CID of its result, and its requester, who keeps it. */
  readonly resultOf: (need: string) => { readonly artifact: CID; readonly requester: Did } | undefined
}

/** One attempt at a need's task, by whoever does it. */
export interface Task {
  readonly need: SingleEnvelope<'NEED'>
  readonly attempt: number
}

/**
 * Runs a need's task: fetches its input and the results that it requires, and asks the runner, again where the machine
 * failed. Faults as `ContentStore.get`, and `worker`; rejects with the signal's reason.
 */
export async function runTask(
  { need, attempt }: Task,
  runner: Runner,
  world: TaskWorld,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { payload } = need.body
  const { gas_limit, isolation } = payload.constraints
  const job: Job = {
    task: {
      need: need.id,
      attempt,
      task_type: payload.task_type,
      capability: payload.capability,
      label: payload.label,
    },
    input: await inputOf(need, world.content, signal),
    files: await filesOf(need, world, signal),
    seed: taskSeed(need.id, world.sha256),
    ...(isolation === undefined ? {} : { isolation }),
    ...(gas_limit === undefined || gas_limit === 0 ? {} : { limits: { gasMax: gas_limit } }),
  }
  return await runAgain(runner, job, signal)
}

/** The same job again, as long as it is the machine that fails. Faults `worker`. */
export async function runAgain(runner: Runner, job: Job, signal: AbortSignal): Promise<RunOutcome> {
  for (let run = 1; ; run++) {
    try {
      return await runner.run(job, signal)
    } catch (error) {
      const isOfMachine = error instanceof FaultError && error.code === 'worker'
      if (!isOfMachine || run === RUNS_MAX || signal.aborted) throw error
    }
  }
}

/** Bytes of a need's input. Faults as `fetchContent`; `content-malformed` for a sealed one, which only named readers open. */
export function inputOf(
  { body }: SingleEnvelope<'NEED'>,
  content: ContentStore,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { input } = body.payload
  if ('sealed' in input) throw new FaultError('content-malformed', 'the input is sealed to others')
  return fetchContent(input, content, body.sender, signal)
}

/** Faults as `ContentStore.get`. `holder`: who surely has it. */
export async function fetchContent(
  wanted: Content,
  content: ContentStore,
  holder: Did,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if ('inline' in wanted) return wanted.inline
  const bytesMax = Math.min(wanted.size, FETCHED_CONTENT_BYTES_MAX)
  return await content.get(wanted.cid, { bytesMax, from: [holder], signal })
}

async function filesOf(
  { body }: SingleEnvelope<'NEED'>,
  { content, resultOf }: TaskWorld,
  signal: AbortSignal,
): Promise<readonly JobFile[]> {
  const files = body.payload.requires.map(async (need): Promise<JobFile> => {
    const result = resultOf(need.toString())
    if (result === undefined)
      throw new FaultError('content-not-found', `need ${need.toString()} has no result`)
    const { artifact, requester } = result
    const bytesMax = FETCHED_CONTENT_BYTES_MAX
    return {
      name: need.toString(),
      bytes: await content.get(artifact, { bytesMax, from: [requester], signal }),
    }
  })
  return await Promise.all(files)
}

/** Content as a COMMIT names it: in the payload where it has room, else put into the store. Faults as `ContentStore.put`. */
export async function contentOf(bytes: Uint8Array, content: ContentStore): Promise<Content> {
  return bytes.length <= INLINE_ARTIFACT_BYTES_MAX
    ? { inline: bytes }
    : { cid: await content.put(bytes), size: bytes.length }
}
