import type { KeyPair } from '../../ports/keystore.ts'
import { loadConfig } from '../home.ts'
import { openLog } from './log-part.ts'
import type { RunningNode } from './running-node.ts'
import { startNode } from './start-node.ts'

export interface RunOptions {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly key: KeyPair
  /** Where the log goes, a JSON line each. */
  readonly out: NodeJS.WritableStream
  /** It answers: its API is open. */
  readonly onReady?: (node: RunningNode) => void
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Runs a node until a signal, its API or a fault ends it; resolves when all of it has stopped. A second signal ends the
 * process at once: nothing acknowledged is lost by that either. Faults of `startNode`, and the fault that ended it.
 */
export async function runNode({ home, env, key, out, onReady }: RunOptions): Promise<void> {
  const resolved = loadConfig(home, env)
  const log = openLog(out, resolved.config.logLevel)
  const end = Promise.withResolvers<{ readonly why: string; readonly fault?: unknown }>()
  const onSignal = (signal: string): void => end.resolve({ why: signal })
  for (const signal of SIGNALS) process.once(signal, onSignal)
  const onStop = (why: string, fault?: unknown): void => end.resolve({ why, fault })
  try {
    const node = await startNode({ home, resolved, key, log, onStop })
    log.log.info({ did: key.did }, 'started')
    onReady?.(node)
    const { why, fault } = await end.promise
    log.log.info({ why }, 'stopping')
    await node.stop()
    log.log.info('stopped')
    if (fault !== undefined) throw fault
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
