import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryDirectory } from '../../../setup/memory-directory.ts'
import { TURN_WRITER } from '../../../setup/turn-writer.ts'
import { expectKept, lastLine } from './kept-turns.ts'

const KILLS = 30
const LATE_KILLS = 10
const root = memoryDirectory('kill')
afterAll(() => rmSync(root, { recursive: true }))

/** Runs the writer and kills it: some lines after its start, and then at any instant of the next milliseconds. */
function runAndKill(
  directory: string,
  lines: number,
  delayMs: number,
  ...how: readonly 'late'[]
): Promise<string> {
  const child = spawn(process.execPath, [TURN_WRITER, directory, 'Infinity', ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') },
  })
  let output = ''
  let seen = 0
  let isSet = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    seen += text.split('\n').length - 1
    if (seen < lines || isSet) return
    isSet = true
    setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  return new Promise((resolve, reject) => {
    child.once('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output)
      else reject(new Error(`the writer ended by itself: ${output}`))
    })
  })
}

describe('kill -9 of a process that writes turns', () => {
  it(`at ${KILLS} instants loses nothing that was acknowledged, and leaves a store that opens without repair (S1, S4)`, {
    timeout: 240_000,
  }, async () => {
    const directory = join(root, 'store')
    let last = 0
    let more = 0
    for (let round = 0; round < KILLS; round++) {
      const output = await runAndKill(directory, 1 + ((round * 7) % 23), Math.random() * 4)
      const acknowledged = lastLine(output)
      expect(acknowledged).toBeGreaterThan(last)
      last = expectKept(directory, acknowledged)
      if (last > acknowledged) more++
    }
    console.info(`${KILLS} kills, ${last} turns, ${more} with a turn that was stored and not yet said\n`)
  })

  it(`at ${LATE_KILLS} instants loses nothing that was acknowledged late, as by a slow disk`, {
    timeout: 240_000,
  }, async () => {
    const directory = join(root, 'late')
    let last = 0
    for (let round = 0; round < LATE_KILLS; round++) {
      const output = await runAndKill(directory, 1 + ((round * 7) % 23), Math.random() * 4, 'late')
      expect(lastLine(output)).toBeGreaterThan(last)
      last = expectKept(directory, lastLine(output))
    }
  })
})
