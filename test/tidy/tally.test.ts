import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTool } from '../../scripts/gates/gate.ts'
import { ROOT } from './planted-tree.ts'

/** Runs the planted tests of one folder under this repository's vitest configuration. */
async function runPlanted(planted: string): Promise<{ code: number; last: string }> {
  const root = mkdtempSync(join(tmpdir(), 'canswarm-tally-'))
  try {
    cpSync(join(ROOT, 'config/dev'), join(root, 'config/dev'), { recursive: true })
    cpSync(join(ROOT, 'test/setup'), join(root, 'test/setup'), { recursive: true })
    cpSync(join(ROOT, 'test/tidy/planted/tally', planted), join(root, 'test'), { recursive: true })
    for (const folder of ['node_modules', 'scripts']) symlinkSync(join(ROOT, folder), join(root, folder))
    const run = await runTool(root, 'vitest/vitest.mjs', ['run', '--config', 'config/dev/vitest.ts'])
    return { code: run.code, last: run.stdout.trimEnd().split('\n').at(-1) ?? '' }
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('the closing line of a test run', () => {
  it('counts what passed, failed and was skipped', async () => {
    await expect(runPlanted('mixed')).resolves.toStrictEqual({
      code: 1,
      last: '2 passed, 1 failed, 1 skipped',
    })
  })

  it('counts a file that cannot be loaded as failed', async () => {
    await expect(runPlanted('broken')).resolves.toStrictEqual({ code: 1, last: '1 passed, 1 failed' })
  })

  it('counts an error outside every test as failed', async () => {
    await expect(runPlanted('stray')).resolves.toStrictEqual({ code: 1, last: '1 passed, 1 failed' })
  })

  it('is a failure when every test was skipped', async () => {
    await expect(runPlanted('skipped')).resolves.toStrictEqual({
      code: 1,
      last: '0 passed, 0 failed, 1 skipped',
    })
  })

  it('is a failure when there is no test', async () => {
    await expect(runPlanted('none')).resolves.toMatchObject({ code: 1 })
  })
})
