import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { ApiClient, InputOf, OutputOf } from '../../sdk/client.ts'
import type { NeedBrief } from '../../verbs/need-view.ts'
import { defineCommand } from '../command.ts'
import { microOf } from '../credits.ts'
import { asked, failureOfProblem, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { CommandError, usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { fields } from '../table.ts'
import { duration } from '../words.ts'
import { inputOf, jsonFile, textFile } from './need-input.ts'
import { followNeed } from './need-progress.ts'

type Wish = InputOf<'need'>
type Posted = OutputOf<'need'>

const WAIT_S = 3_600

export const need = defineCommand({
  path: 'need',
  about:
    'Ask the network for a task: escrow what it may cost, and with --wait show its progress and print the result',
  examples: [
    'canswarm need --capability text/stats --input book.txt --budget 2 --bounty 1 --wait',
    "canswarm need --capability text/upper --text 'hello' --budget 0.5 --bounty 0.5 --wait --out hello.txt",
  ],
  arguments: [],
  options: {
    capability: { type: 'string', value: 'NAME', about: 'what the worker must be able to do' },
    input: { type: 'string', value: 'FILE', about: 'what it works on; - is standard input' },
    text: { type: 'string', value: 'TEXT', about: 'the same, said here' },
    budget: { type: 'string', value: 'N', about: 'most that the worker is paid, in credits' },
    bounty: {
      type: 'string',
      value: 'N',
      about: 'what the verifiers are paid from, in credits; 1 unless it is said',
    },
    class: {
      type: 'string',
      value: 'CLASS',
      about: 'how much is at stake',
      choices: ['simple', 'complex', 'critical'],
    },
    verify: {
      type: 'string',
      value: 'MODE',
      about: 'how the result is judged; reexecute unless it is said',
      choices: ['reexecute', 'schema', 'citations', 'judge'],
    },
    schema: { type: 'string', value: 'FILE', about: 'with --verify schema: JSON Schema of the result' },
    criteria: { type: 'string', value: 'TEXT', about: 'with --verify judge: what to look at' },
    label: { type: 'string', value: 'TEXT', about: 'name for people' },
    taskType: { type: 'string', value: 'NAME', about: 'kind of task; the capability unless it is said' },
    isolation: {
      type: 'string',
      value: 'LEVEL',
      about: "least isolation of the worker's",
      choices: ['vm', 'sandbox', 'none'],
    },
    deadline: { type: 'integer', value: 'SECONDS', about: 'when it expires' },
    payload: { type: 'string', value: 'FILE', about: 'further fields of the NEED, in dag-json' },
    key: {
      type: 'string',
      value: 'KEY',
      about: 'the same key asks for nothing new; random unless it is said',
    },
    wait: { type: 'boolean', about: 'wait until the result is accepted, and print it' },
    settled: { type: 'boolean', about: 'wait until it is paid for, too' },
    timeout: {
      type: 'integer',
      value: 'SECONDS',
      about: `longest time to wait; ${WAIT_S} unless it is said`,
    },
    out: { type: 'string', value: 'FILE', about: 'write the result there instead of printing it' },
  },
  async run(context, _args, options) {
    const node = nodeOf(context)
    const key = options.key ?? randomUUID()
    const input = await inputOf(context, node, options, key)
    const wish = { ...(await wishOf(options, key)), ...(input !== undefined && { input }) }
    const posted = await asked(node.call('need', wish))
    if (!options.wait && !options.settled) return postedReport(posted, key)
    process.stderr.write(`need       ${posted.need}\nthread     ${posted.thread}\n`)
    return await waited(node, posted, options)
  },
})

interface NeedOptions {
  readonly capability: string | undefined
  readonly budget: string | undefined
  readonly bounty: string | undefined
  readonly class: string | undefined
  readonly verify: string | undefined
  readonly schema: string | undefined
  readonly criteria: string | undefined
  readonly label: string | undefined
  readonly taskType: string | undefined
  readonly isolation: string | undefined
  readonly deadline: number | undefined
  readonly payload: string | undefined
}

async function wishOf(options: NeedOptions, key: string): Promise<Wish> {
  const { capability, budget, bounty = '1', label, taskType, isolation, deadline, payload } = options
  if (capability === undefined)
    throw usageError('say what the worker must be able to do', 'add --capability NAME')
  if (budget === undefined) throw usageError('say what the task may cost', 'add --budget N, in credits')
  const wish = {
    idempotency_key: key,
    capability,
    budget: microOf(budget, '--budget'),
    verify_bounty: microOf(bounty, '--bounty'),
    verification: await verificationOf(options),
    ...(options.class !== undefined && { task_class: options.class }),
    ...(label !== undefined && { label }),
    ...(taskType !== undefined && { task_type: taskType }),
    ...(isolation !== undefined && { isolation }),
    ...(deadline !== undefined && { deadline_ms: deadline * 1_000 }),
    ...(payload !== undefined && { payload: await jsonFile(payload) }),
  }
  return wish as Wish
}

async function verificationOf({ verify = 'reexecute', schema, criteria }: NeedOptions) {
  if (verify === 'schema') {
    if (schema === undefined) throw usageError('say which schema', 'add --schema FILE')
    return { mode: verify, schema: await textFile(schema) }
  }
  if (verify === 'judge') {
    if (criteria === undefined) throw usageError('say what to look at', 'add --criteria TEXT')
    return { mode: verify, criteria }
  }
  return { mode: verify }
}

function postedReport(posted: Posted, key: string): Report {
  const data = { ...posted, idempotency_key: key }
  const notes =
    posted.state === 'posted'
      ? ['the hub has not said yet that it took it: "canswarm need show" will tell']
      : []
  return report('canswarm.need/1', data, fields(Object.entries(data)), { notes })
}

interface WaitOptions {
  readonly settled: boolean
  readonly timeout: number | undefined
  readonly out: string | undefined
}

async function waited(
  node: ApiClient,
  posted: Posted,
  { settled, timeout, out }: WaitOptions,
): Promise<Report> {
  const isDone = ({ final, over, state }: NeedBrief): boolean =>
    over || (!settled && final && state === 'FINAL')
  const timeoutMs = (timeout ?? WAIT_S) * 1_000
  const { brief, isTimedOut, isInterrupted } = await followNeed(node, posted.need, { isDone, timeoutMs })
  if (isInterrupted) throw interrupted(posted)
  if (isTimedOut || brief === undefined) throw tooLate(posted, timeoutMs)
  const isGood =
    brief.final && brief.artifact !== null && (brief.state === 'FINAL' || brief.state === 'SETTLED')
  if (!isGood || brief.artifact === null) throw cameToNothing(brief)
  const bytes = await asked(node.needArtifact(posted.need))
  if (out !== undefined) await writeFile(out, bytes)
  return resultReport(posted, brief, bytes, out)
}

function resultReport(posted: Posted, brief: NeedBrief, bytes: Uint8Array, out: string | undefined): Report {
  const text = textOf(bytes)
  const data = {
    need: posted.need,
    thread: posted.thread,
    state: brief.state,
    outcome: brief.outcome,
    worker: brief.worker,
    artifact: brief.artifact,
    size: bytes.length,
    challenge_window_left_ms: brief.challenge_window_left_ms,
    ...(out !== undefined
      ? { file: out }
      : text === undefined
        ? { base64: Buffer.from(bytes).toString('base64') }
        : { text }),
  }
  const printed =
    out !== undefined ? `${bytes.length} bytes in ${out}` : (text?.replace(/\n$/u, '') ?? binary(bytes))
  return report('canswarm.need.result/1', data, printed, { notes: notesOf(brief) })
}

function notesOf({ challenge_window_left_ms: left }: NeedBrief): string[] {
  return left === null || left === 0
    ? []
    : [`still open to challenges for ${duration(left)}: --settled waits for that`]
}

function binary(bytes: Uint8Array): string {
  return `${bytes.length} bytes that are no text: --out FILE writes them`
}

/** Undefined for what is no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined // what is no text is not printed
  }
}

function tooLate({ need: id }: Posted, timeoutMs: number): CommandError {
  return new CommandError({
    exit: EXIT.timedOut,
    code: 'timed-out',
    message: `need ${id} has no accepted result after ${duration(timeoutMs)}`,
    todo: `it goes on: "canswarm need show ${id}" tells how it stands`,
  })
}

function interrupted({ need: id }: Posted): CommandError {
  return new CommandError({
    exit: EXIT.interrupted,
    code: 'interrupted',
    message: `nobody waits for need ${id} any more`,
    todo: `it goes on: "canswarm need show ${id}" tells how it stands, "canswarm cancel ${id}" takes it back while nobody works on it`,
  })
}

function cameToNothing({ need: id, state, refusal }: NeedBrief): CommandError {
  if (refusal !== null) return new CommandError(failureOfProblem(refusal))
  return new CommandError({
    exit: EXIT.failed,
    code: state.toLowerCase(),
    message: `need ${id} ended as ${state}: what was escrowed and not spent is free again`,
    todo: 'ask again with a larger budget or a later deadline, or see who offers the capability',
  })
}
