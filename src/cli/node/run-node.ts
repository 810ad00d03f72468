import type { NodeConfig } from '../../node/config.ts'
import type { HostedKeys } from '../../node/daemon/hosted-keys.ts'
import { openLog } from '../../node/daemon/log-part.ts'
import { startNode } from '../../node/daemon/start-node.ts'
import { homePaths, loadConfig } from '../../node/home.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import { type Report, report } from '../report.ts'
import { keyNameOf, loadKey } from './key-access.ts'
import { prettyLines } from './pretty-lines.ts'

/** So long after its stop a process ends whatever libraries still wait for: timers of connections that are closed. */
const LINGER_MS = 100
/** Ctrl-C comes from the terminal, and once more from the process that found the right Node and started this one. */
const SAME_MS = 500
/** A second signal, or this long after the first one, ends the process as it is. */
const STOP_MS = 10_000

/** Runs a node in this process, until something or somebody stops it. */
export async function runNode(context: Context, passphraseFile: string | undefined): Promise<Report> {
  const { home, env } = context
  const resolved = loadConfig(home, env)
  const key = await loadKey(context, keyNameOf(context, undefined), passphraseFile)
  const hosted = await hostedKeys(context, resolved.config, passphraseFile)
  const out = process.stderr.isTTY ? prettyLines(process.stderr) : process.stderr
  const log = openLog(out, resolved.config.logLevel)
  const { promise: asked, resolve } = Promise.withResolvers<{ why: string; fault?: unknown }>()
  const onStop = (why: string, fault?: unknown): void =>
    resolve({ why, ...(fault !== undefined && { fault }) })
  const untie = onSignals((signal) => onStop(signal))
  const begun = performance.now()
  const node = await startNode({ home, resolved, key, hosted, log, onStop })
  const tookMs = Math.round(performance.now() - begun)
  log.log.info({ did: key.did, socket: homePaths(home).socket, tookMs }, 'the node runs')
  const { why, fault } = await asked
  log.log.info({ why }, 'the node stops')
  const timer = setTimeout(() => process.exit(EXIT.failed), STOP_MS)
  await node.stop()
  clearTimeout(timer)
  untie()
  setTimeout(() => process.exit(), LINGER_MS).unref()
  if (fault !== undefined) throw fault
  return report('canswarm.start/1', { did: key.did, stopped: why }, `stopped: ${why}`)
}

/** Of the accounts that work and judge for the node, where the settings name such. */
async function hostedKeys(
  context: Context,
  { workerKey, verifierKey }: NodeConfig,
  passphraseFile: string | undefined,
): Promise<HostedKeys> {
  const load = (name: string) => loadKey(context, keyNameOf(context, name), passphraseFile)
  return {
    ...(workerKey === '' ? {} : { worker: await load(workerKey) }),
    ...(verifierKey === '' ? {} : { verifier: await load(verifierKey) }),
  }
}

/** The first signal asks; a later one ends the process. */
function onSignals(ask: (signal: string) => void): () => void {
  let askedAt: number | undefined
  const heard = (signal: NodeJS.Signals): void => {
    const now = performance.now()
    if (askedAt !== undefined && now - askedAt > SAME_MS) process.exit(EXIT.failed)
    askedAt ??= now
    ask(signal)
  }
  process.on('SIGTERM', heard)
  process.on('SIGINT', heard)
  return () => {
    process.off('SIGTERM', heard)
    process.off('SIGINT', heard)
  }
}
