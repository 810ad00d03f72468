import { describe, expect, it } from 'vitest'
import { deadCode } from '../../scripts/gates/dead-code.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

const shared = ['config/dev/knip.json', 'tsconfig.json']

describe('the dead-code gate', () => {
  it('finds an unused file, export and dependency, and one that nothing declares', async () => {
    expectProblems(await runOnPlanted(deadCode, 'dead-code', { shared }), {
      'src/services/orphan.ts': [/files: /u],
      'src/services/some.ts': [/exports: unused/u],
      'src/cli/main.ts': [/unlisted: multiformats/u],
      'package.json': [/dependencies: zod/u],
    })
  })

  it('fails when its configuration is gone', async () => {
    await expect(runOnPlanted(deadCode, 'dead-code', { shared: [] })).rejects.toThrow('knip exited')
  })
})
