import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { taskJob } from '../../../../src/adapters/wasm/task-job.ts'
import type { TaskSite } from '../../../../src/adapters/wasm/task-site.ts'
import { WASM_LIMITS } from '../../../../src/node/tasks/wasm.ts'
import { bytesOf, SEED, siteOf, textOf } from './run.ts'

const HAS_GO = spawnSync('go', ['version']).status === 0
if (!HAS_GO) console.warn('go is not on the PATH: programs of Go are not tested')

// Go is not everywhere, and its smallest program is too large to be kept here.
describe.skipIf(!HAS_GO)('a program of Go for WASI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-go-'))
  let site: TaskSite
  beforeAll(() => {
    const output = join(folder, 'task.wasm')
    execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', output, '.'], {
      cwd: fileURLToPath(new URL('../../../vectors/tasks/go', import.meta.url)),
      env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' },
    })
    site = siteOf(new Uint8Array(readFileSync(output)))
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (input: string, seed = SEED) =>
    site.run(taskJob({ input: bytesOf(input), seed }, WASM_LIMITS).task)

  it('sees its input and nothing of the machine, and gives the same bytes for the same gas', () => {
    const outcome = run('hello')
    const lines = outcome.kind === 'done' ? textOf(outcome.output).trim().split('\n') : [outcome.kind]
    expect(lines.slice(0, -1)).toEqual([
      'stdin 5 <nil>',
      'file true <nil>',
      'folder [- input] <nil>',
      'create open /x: Read-only file system',
      'outside open /../etc/passwd: No such file or directory',
      'time 2000 true',
      'given [task] 0',
    ])
    expect(run('hello')).toEqual(outcome)
    expect(run('hello', new Uint8Array(32))).not.toEqual(outcome)
  })

  it('that panics has failed with its words', () => {
    expect(run('')).toMatchObject({
      kind: 'exited',
      code: 2,
      stderr: expect.stringContaining('panic: no input'),
    })
  })
})
