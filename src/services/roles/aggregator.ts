import { CID } from '../../codec/cid.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import { FaultError } from '../../model/fault.ts'
import type { Isolation } from '../../model/isolation.ts'
import { isolates } from '../../model/isolation.ts'
import type { MicroText } from '../../model/micro.ts'
import type { Job } from '../../ports/job.ts'
import type { Runner, RunOutcome } from '../../ports/runner.ts'
import { type Part, readParts } from './parts.ts'
import type { NeedNews, Requester } from './requester.ts'

export interface AggregatorOptions {
  /** Says of what parts a task is made: prints what `readParts` reads. */
  readonly split: Runner
  /** Makes the result of the parts' results, which are its files `part-0`, `part-1`, … */
  readonly join: Runner
  readonly requester: Pick<Requester, 'post' | 'posted' | 'follow' | 'result'>
  /** A part is not wanted any more. As `Roles.cancel`. */
  readonly cancel: (need: string) => void
  /** What all parts of a task may cost together, bounties included, micro-credits: at most the price that was bid. */
  readonly spendMax: bigint
  /** Share of that for those who verify. */
  readonly bountyPpm: number
  /** Time within which a part must be done, ms from when it is open for bids. */
  readonly deadlineMs: number
}

/**
 * Does a task by asking others for its parts: posts a NEED for each, waits until all are FINAL, and joins their results. Each
 * part has a key of its own need, attempt and place, so that a restart asks for nothing twice.
 * Source: operations.md, "Agents" (aggregator); economy.md, "Bounties and payout" (sub-needs).
 */
export class Aggregator implements Runner {
  readonly isDeterministic = false
  readonly isolation: Isolation
  readonly #options: AggregatorOptions
  readonly #subNeeds = new Map<string, readonly CID[]>()

  constructor(options: AggregatorOptions) {
    this.#options = options
    const { split, join } = options
    this.isolation = isolates(split.isolation, join.isolation) ? join.isolation : split.isolation
  }

  /** Of an attempt that this node has made the result of, once. */
  subNeedsOf(need: string, attempt: number): readonly CID[] {
    const key = `${need} ${attempt}`
    const found = this.#subNeeds.get(key) ?? []
    this.#subNeeds.delete(key)
    return found
  }

  async run(job: Job, signal: AbortSignal = new AbortController().signal): Promise<RunOutcome> {
    const { split, join } = this.#options
    const outcome = await split.run(job, signal)
    if (outcome.kind !== 'done') return outcome
    const parts = readParts(outcome.output)
    if (typeof parts === 'string') return withoutResult(parts)
    const results = await this.#results(job, parts, signal)
    if (typeof results === 'string') return withoutResult(results)
    this.#subNeeds.set(
      `${job.task.need} ${job.task.attempt}`,
      results.map(({ need }) => CID.parse(need)),
    )
    const files = results.map(({ bytes }, at) => ({ name: `part-${at}`, bytes }))
    return await join.run({ ...job, files }, signal)
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.split.close(), this.#options.join.close()])
  }

  /** All of them, or why one is missing: then the others are taken back. */
  async #results(
    job: Job,
    parts: readonly Part[],
    signal: AbortSignal,
  ): Promise<readonly PartResult[] | string> {
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const asked = parts.map((part, at) => this.#ask(this.#needOf(job, parts.length, part, at), either))
    try {
      return await Promise.all(asked)
    } catch (error) {
      stop.abort(error)
      await Promise.allSettled(asked)
      signal.throwIfAborted()
      if (error instanceof PartFailed) return error.message
      throw error
    }
  }

  #needOf({ task }: Job, count: number, part: Part, at: number): Payload<'NEED'> {
    const { spendMax, bountyPpm, deadlineMs } = this.#options
    const whole = spendMax / BigInt(count)
    const bounty = (whole * BigInt(bountyPpm)) / 1_000_000n
    const micro = (amount: bigint): MicroText => String(amount) as MicroText
    return {
      label: part.label,
      task_type: part.taskType,
      capability: part.capability,
      input: { inline: part.input },
      requires: [],
      produces: [],
      constraints: { deadline: deadlineMs },
      task_class: 'simple',
      budget: micro(whole - bounty),
      verify_bounty: micro(bounty),
      verification: { mode: 'reexecute' },
      idempotency_key: `part/${task.need}/${task.attempt}/${at}`,
      parent: CID.parse(task.need),
    }
  }

  async #ask(payload: Payload<'NEED'>, signal: AbortSignal): Promise<PartResult> {
    const { requester, cancel } = this.#options
    const key = payload.idempotency_key
    const need = requester.posted(key) ?? (await this.#post(payload))
    try {
      const news = await lastNews(requester.follow(need, key, signal))
      const known = requester.posted(key)
      if (news.kind === 'refused' && known !== undefined && known !== need)
        return await this.#ask(payload, signal)
      if (!isAccepted(news)) throw new PartFailed(`${payload.label}: ${outcomeOf(news)}`)
      return { need, bytes: await requester.result(need, signal) }
    } catch (error) {
      if (signal.aborted) cancel(need)
      if (error instanceof FaultError) throw new PartFailed(`${payload.label}: ${error.message}`)
      throw error
    }
  }

  async #post(payload: Payload<'NEED'>): Promise<string> {
    const said = await this.#options.requester.post(payload)
    if (!said.ok) throw new PartFailed(`${payload.label}: ${said.error.message}`)
    return said.value.id
  }
}

interface PartResult {
  readonly need: string
  readonly bytes: Uint8Array
}

/** A part came to nothing. */
class PartFailed extends Error {}

/** Until there is a result, or none will come. */
async function lastNews(all: AsyncIterable<NeedNews>): Promise<NeedNews> {
  for await (const news of all) {
    if (news.kind === 'over' || news.kind === 'refused' || isAccepted(news)) return news
  }
  throw new PartFailed('no news')
}

function isAccepted(news: NeedNews): boolean {
  if (news.kind === 'over') return news.state === 'SETTLED'
  return news.kind === 'state' && news.progress.state === 'FINAL'
}

function outcomeOf(news: NeedNews): string {
  return news.kind === 'refused'
    ? `${news.code}: ${news.message}`
    : news.kind === 'over'
      ? news.state
      : news.kind
}

function withoutResult(why: string): RunOutcome {
  return { kind: 'failed', exit: { kind: 'no-output' }, stderr: why, usage: { bytes: 0, wallMs: 0 } }
}
