import { defineConfig } from 'vitest/config'
import { Tally } from './tally.ts'

/** What touches nothing that outlasts a test: its files share a process, which has the modules already. */
const SHARED = ['test/unit/{model,codec,core,sim,replay,services}/**/*.test.ts']
const ELSEWHERE = ['**/node_modules/**', 'test/tidy/planted/**', 'test/mesh/**']

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: [...ELSEWHERE, ...SHARED] },
      },
    ],
    setupFiles: ['test/setup/poison-globals.ts'],
    reporters: ['default', new Tally()],
    // Real processes of their own, so that a test may change directory or be killed by a native fault.
    pool: 'forks',
    maxWorkers: 2,
    // A bound against hanging, not a measurement: nothing is asserted about time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A run without a test proves nothing.
    passWithNoTests: false,
  },
})
