import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { journalFiles } from '../../../../src/adapters/journal-files/journal-files.ts'
import type { HashHex } from '../../../../src/codec/journal/kinds.ts'
import type { Head } from '../../../../src/codec/journal/line.ts'
import { openTestJournal, verifySample } from '../../../setup/journal.ts'

const ROUNDS = 20
const WRITER = fileURLToPath(new URL('../../../setup/journal-writer.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'canswarm-journal-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Runs a writer, kills it when it has acknowledged so often, and gives the last acknowledgement. */
async function killAfter(directory: string, acknowledgements: number): Promise<Head> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') }
  const child = spawn(process.execPath, [WRITER, directory], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let text = ''
  child.stdout.setEncoding('utf8')
  for await (const part of child.stdout) {
    text += String(part)
    if (text.split('\n').length > acknowledgements) child.kill('SIGKILL')
  }
  expect((await exited)[1]).toBe('SIGKILL')
  const [n, chain] = (text.split('\n').at(-2) ?? '').split(' ')
  return { n: Number(n), chain: chain as HashHex }
}

it(`keeps all that was acknowledged through ${ROUNDS} kills at any moment, and goes on counting`, async () => {
  const directory = join(root, 'journal')
  const store = journalFiles(directory)
  let last = 0
  for (const acknowledgements of fc.sample(fc.integer({ min: 1, max: 6 }), ROUNDS)) {
    const acknowledged = await killAfter(directory, acknowledgements)
    expect(acknowledged.n).toBeGreaterThan(last)
    expect((await verifySample(store, acknowledged)).firstFault).toBeUndefined()
    const { journal, damage } = await openTestJournal(store)
    await journal.close()
    expect(damage).toBeUndefined()
    const verdict = await verifySample(store, acknowledged)
    expect(verdict.firstFault).toBeUndefined()
    expect(verdict).toMatchObject({ lines: verdict.head.n, unsealedLines: 0 })
    last = verdict.head.n
  }
  expect(readdirSync(directory).filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(1)
}, 60_000)
