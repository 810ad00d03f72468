import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../bin/canswarm', import.meta.url))
const LONG_MS = 240_000
const ROUND_MS = 100

const directory = mkdtempSync(join(tmpdir(), 'cs-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Command lines of processes that name a path below the directory. */
function processes(): readonly string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((path) => {
    const line = existsSync(path) ? lineOf(path) : ''
    return line.includes(directory) ? [line] : []
  })
}

/** Of a process that has just ended: nothing. */
function lineOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
}

describe.runIf(existsSync('/proc/self/cmdline'))('a demonstration that is told to end', () => {
  it(
    'leaves no node behind',
    async () => {
      const child: ChildProcess = spawn(process.execPath, [BIN, 'demo'], {
        stdio: 'ignore',
        env: { ...process.env, TMPDIR: directory },
      })
      const gone = once(child, 'exit')
      await until(() => processes().length === 5)
      child.kill('SIGTERM')
      expect(await gone).toEqual([null, 'SIGTERM'])
      await until(() => processes().length === 0)
    },
    LONG_MS,
  )
})
