import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homePaths } from '../../node/home.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { CommandError, type Failure, usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { PASSPHRASE_OPTION } from './passphrase.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
const DETACHED_MS = 30_000
const ROUND_MS = 50

export const start = defineCommand({
  path: 'start',
  about: 'Run the node of this home until it is told to stop: "canswarm stop", SIGTERM or Ctrl-C',
  examples: ['canswarm start', 'canswarm start --detach', 'canswarm start --passphrase-file secret'],
  arguments: [],
  options: {
    detach: { type: 'boolean', about: 'go on in the background; this command ends when the node answers' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, _args, { detach, passphraseFile }) {
    if (detach) return await startDetached(context, passphraseFile)
    // The libraries of a whole node are loaded by who runs one: every other command would start later for them.
    const { runNode } = await import('./run-node.ts')
    return await runNode(context, passphraseFile)
  },
})

/** A process of its own, whose log goes to `<home>/node.log`. */
async function startDetached(context: Context, passphraseFile: string | undefined): Promise<Report> {
  const { home } = context
  const logFile = join(home, 'node.log')
  const file = passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile]
  const log = openLogFile(logFile)
  const from = fstatSync(log).size
  const child = spawn(process.execPath, [BIN, 'start', '--json', '--home', home, ...file], {
    detached: true,
    stdio: ['ignore', 'ignore', log],
  })
  const gone = new AbortController()
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? EXIT.failed)))
  const code = await Promise.race([ended, answering(context, child.pid, gone.signal)])
  gone.abort()
  if (code !== undefined) throw notStarted(code, logFile, from)
  child.unref()
  const data = { pid: child.pid ?? null, log: logFile, socket: homePaths(home).socket }
  return report('canswarm.start.detached/1', data, `the node runs (pid ${child.pid}); its log is ${logFile}`)
}

function openLogFile(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch {
    throw usageError(`cannot write ${path}`, 'run "canswarm init", or name the home with --home')
  }
}

/** Undefined once the node of this process answers, and no other one of this home; an exit code when it does not in time. */
async function answering(
  context: Context,
  pid: number | undefined,
  gone: AbortSignal,
): Promise<number | undefined> {
  const began = performance.now()
  while (performance.now() - began < DETACHED_MS && !gone.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, ROUND_MS)
    await promise
    const status = await nodeOf(context)
      .call('status', {})
      .catch(() => undefined)
    if (status?.ok === true && status.value.pid === pid) return undefined
  }
  return EXIT.timedOut
}

/** What the process complained of itself, where it did. */
function notStarted(exit: number, logFile: string, from: number): CommandError {
  const said = complaintIn(textFrom(logFile, from))
  return new CommandError({
    exit,
    ...(said ?? {
      code: 'not-started',
      message: exit === EXIT.timedOut ? 'the node does not answer yet' : 'the node did not start',
      todo: `${logFile} has what it said last`,
    }),
  })
}

const TAIL_BYTES = 16_384

function textFrom(path: string, from: number): string {
  const file = openSync(path, 'r')
  try {
    const tail = Buffer.alloc(TAIL_BYTES)
    const at = Math.max(from, fstatSync(file).size - TAIL_BYTES)
    return tail.subarray(0, readSync(file, tail, 0, TAIL_BYTES, at)).toString('utf8')
  } finally {
    closeSync(file)
  }
}

/** The last line of the log, where it is what `complain` says with --json. */
function complaintIn(log: string): Omit<Failure, 'exit'> | undefined {
  const last = log.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{"error":')) return undefined
  try {
    return (JSON.parse(last) as { readonly error: Omit<Failure, 'exit'> }).error
  } catch {
    return undefined
  }
}
