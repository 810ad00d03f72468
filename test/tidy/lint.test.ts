import { describe, expect, it } from 'vitest'
import { lint } from '../../scripts/gates/lint.ts'
import { expectProblems, runOnPlanted } from './planted-tree.ts'

const GLOBALS = ['Intl', 'WeakRef', 'setTimeout', 'setInterval', 'process', 'crypto', 'performance', 'fetch']

describe('the lint gate', () => {
  it('finds every planted breach, and lets the shell read clocks', async () => {
    expectProblems(await runOnPlanted(lint, 'lint'), {
      'src/core/clock/ambient.ts': [
        /'node:fs' import is restricted/u,
        /'zod' import is restricted/u,
        /line 7: Unexpected use of 'Date'/u,
        /line 8: Unexpected use of 'Date'/u,
        /line 4: 'Math.random' is restricted/u,
        /line 10: 'Math.random' is restricted/u,
        /'Math.sin' is restricted/u,
        /'Math.pow' is restricted/u,
        /'toLocaleString' is restricted/u,
        /'localeCompare' is restricted/u,
        ...GLOBALS.map((name) => `Unexpected use of '${name}'`),
      ],
      'src/services/promises.ts': [/no-floating-promises/u, /no-misused-promises/u],
      'src/services/switch.ts': [/switch-exhaustiveness-check/u],
      'src/services/cycle-a.ts': [/no-cycle/u],
      'src/services/cycle-b.ts': [/no-cycle/u],
      'src/services/loose.ts': [/no-unused-vars/u, /no-explicit-any/u, /no-default-export/u],
    })
  })

  it('fails when it read no file', async () => {
    const empty = ['package.json', 'tsconfig.json', 'config/dev/oxlint.json']
    await expect(runOnPlanted(lint, 'nothing', { shared: empty })).rejects.toThrow('oxlint exited')
  })
})
