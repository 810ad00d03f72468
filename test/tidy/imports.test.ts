import { describe, expect, it } from 'vitest'
import { imports } from '../../scripts/imports.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

describe('the import gate', () => {
  it('finds every planted wrong import and nothing else', async () => {
    expectProblems(await runOnPlanted(imports, 'imports'), {
      'src/model/outward.ts': [/imports src\/codec\/frame\/frame.ts: src\/model may import nothing/u],
      'src/codec/frame/port-value.ts': [/imports a value of src\/ports\/clock.ts/u],
      'src/codec/frame/library.ts': [/imports @noble\/curves: src\/codec may import zod, .* only/u],
      'src/codec/frame/builtin-type.ts': [/imports node:buffer/u],
      'src/core/market/bid.ts': [/src\/core\/market\/imports.txt does not name ledger/u],
      'src/core/market/lazy.ts': [/imports src\/services\/raft\/host.ts/u],
      'src/core/market/type-of-service.ts': [/imports src\/services\/raft\/host.ts/u],
      'src/services/raft/host.ts': [/imports a computed name/u],
      'src/adapters/crypto/sister.ts': [/imports src\/adapters\/keystore\/key.ts/u],
      'src/adapters/crypto/worker.ts': [/imports src\/services\/raft\/host.ts/u],
      'src/adapters/unknown/new.ts': [/without a row/u],
      'src/cli/direct.ts': [/imports src\/adapters\/keystore\/key.ts/u],
      'src/replay/test-only.ts': [/imports test\/setup\/poison.ts/u],
      'src/verbs/required.ts': [/imports src\/node\/config.ts/u],
    })
  })

  it('finds folders of the core that come back to themselves', async () => {
    expectProblems(await runOnPlanted(imports, 'imports-cycle'), {
      'src/core/ledger/imports.txt': [/comes back/u],
      'src/core/system/imports.txt': [/comes back/u],
    })
  })

  it('fails when it read no module of src', async () => {
    await expect(runOnPlanted(imports, 'nothing', { shared: ['package.json'] })).rejects.toThrow(
      'no module was read',
    )
  })
})
