import { describe, expect, it } from 'vitest'
import { types } from '../../scripts/gates/types.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

describe('the types gate', () => {
  it('finds Node, timers and the process in the pure folders, and what the strict flags forbid', async () => {
    expectProblems(await runOnPlanted(types, 'types'), {
      'src/core/clock/ambient.ts': [/node:fs/u, /setTimeout/u, /process/u, /crypto/u, /performance/u],
      'src/codec/frame/text.ts': [/Buffer/u],
      'src/model/loose.ts': [/'string \| undefined' is not assignable/u],
      'src/services/colour.ts': [/TS1294/u],
    })
  })

  it('fails when a pure folder has lost its own tsconfig', async () => {
    const shared = ['package.json', 'tsconfig.json', 'src/model/tsconfig.json', 'src/core/tsconfig.json']
    await expect(runOnPlanted(types, 'types', { shared })).rejects.toThrow('no tsconfig.json')
  })
})
