import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLog } from '../../node/daemon/log-part.ts'
import { startNode } from '../../node/daemon/start-node.ts'
import { homePaths, loadConfig } from '../../node/home.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { CommandError, usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { keyNameOf, loadKey } from './key-access.ts'
import { PASSPHRASE_OPTION } from './passphrase.ts'
import { prettyLines } from './pretty-lines.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
/** A second signal, or this long after the first one, ends the process as it is. */
const STOP_MS = 10_000
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
    return detach ? await startDetached(context, passphraseFile) : await runNode(context, passphraseFile)
  },
})

/** Runs a node in this process, until something or somebody stops it. */
export async function runNode(context: Context, passphraseFile: string | undefined): Promise<Report> {
  const { home, env } = context
  const resolved = loadConfig(home, env)
  const key = await loadKey(context, keyNameOf(context, undefined), passphraseFile)
  const out = process.stderr.isTTY ? prettyLines(process.stderr) : process.stderr
  const log = openLog(out, resolved.config.logLevel)
  const { promise: asked, resolve } = Promise.withResolvers<{ why: string; fault?: unknown }>()
  const onStop = (why: string, fault?: unknown): void =>
    resolve({ why, ...(fault !== undefined && { fault }) })
  const untie = onSignals((signal) => onStop(signal))
  const begun = performance.now()
  const node = await startNode({ home, resolved, key, log, onStop })
  const tookMs = Math.round(performance.now() - begun)
  log.log.info({ did: key.did, socket: homePaths(home).socket, tookMs }, 'the node runs')
  const { why, fault } = await asked
  log.log.info({ why }, 'the node stops')
  const timer = setTimeout(() => process.exit(EXIT.failed), STOP_MS)
  await node.stop()
  clearTimeout(timer)
  untie()
  if (fault !== undefined) throw fault
  return report('canswarm.start/1', { did: key.did, stopped: why }, `stopped: ${why}`)
}

/** The first signal asks; the second one ends the process. */
function onSignals(ask: (signal: string) => void): () => void {
  let isAsked = false
  const heard = (signal: NodeJS.Signals): void => {
    if (isAsked) process.exit(EXIT.failed)
    isAsked = true
    ask(signal)
  }
  process.on('SIGTERM', heard)
  process.on('SIGINT', heard)
  return () => {
    process.off('SIGTERM', heard)
    process.off('SIGINT', heard)
  }
}

/** A process of its own, whose log goes to `<home>/node.log`. */
async function startDetached(context: Context, passphraseFile: string | undefined): Promise<Report> {
  const { home } = context
  const logFile = join(home, 'node.log')
  const file = passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile]
  const child = spawn(process.execPath, [BIN, 'start', '--home', home, ...file], {
    detached: true,
    stdio: ['ignore', 'ignore', openLogFile(logFile)],
  })
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? EXIT.failed)))
  const code = await Promise.race([ended, answering(context)])
  if (code !== undefined) throw notStarted(code, logFile)
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

/** Undefined once the node answers; an exit code when it does not in time. */
async function answering(context: Context): Promise<number | undefined> {
  const began = performance.now()
  while (performance.now() - began < DETACHED_MS) {
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, ROUND_MS)
    await promise
    const status = await nodeOf(context)
      .call('status', {})
      .catch(() => undefined)
    if (status?.ok === true) return undefined
  }
  return EXIT.timedOut
}

function notStarted(exit: number, logFile: string): CommandError {
  return new CommandError({
    exit,
    code: 'not-started',
    message: 'the node did not start',
    todo: `${logFile} has what it said last`,
  })
}
