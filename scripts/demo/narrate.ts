import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'

const BIN = fileURLToPath(new URL('../../bin/canswarm', import.meta.url))

export interface Ended {
  readonly command: string
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const MAY_REFUSE = new Set([0, 4, 6])

/** Runs the program in a process of its own. Throws where it failed rather than refused. */
export function canswarm(home: string, args: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [BIN, ...args, '--home', home], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const command = `canswarm ${args.slice(0, 2).join(' ')}`
  if (error !== undefined || status === null || !MAY_REFUSE.has(status)) {
    throw new Error(`${command} ended with ${status}: ${stderr}`, { cause: error })
  }
  return { command, status, stdout, stderr }
}

/** Throws when the program did not end as it should have: the demonstration is then over. */
export function expectExit(status: number, ended: Ended): Ended {
  if (ended.status !== status)
    throw new Error(`${ended.command} ended with ${ended.status}, not with ${status}`)
  return ended
}

export function step(title: string): void {
  process.stdout.write(`\n${styleText('bold', `== ${title}`)}\n`)
}

export function say(text: string): void {
  process.stdout.write(`${text.trimEnd().replaceAll(/^/gmu, '   ')}\n`)
}
