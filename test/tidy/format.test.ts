import { describe, expect, it } from 'vitest'
import { format } from '../../scripts/gates/format.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

describe('the format gate', () => {
  it('finds an untidy file and unsorted imports', async () => {
    expectProblems(await runOnPlanted(format, 'format'), {
      'src/services/untidy.ts': [/differs from formatting/u],
      'src/services/unsorted.ts': [/Sort these imports/u],
    })
  })

  it('fails when its configuration is gone', async () => {
    await expect(runOnPlanted(format, 'format', { shared: ['package.json'] })).rejects.toThrow('biome exited')
  })
})
