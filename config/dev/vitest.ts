import { defineConfig } from 'vitest/config'
import { Tally } from './tally.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/tidy/planted/**', 'test/mesh/**'],
    globalSetup: ['test/setup/built-program.ts'],
    setupFiles: ['test/setup/poison-globals.ts'],
    reporters: ['default', new Tally()],
    // Real processes of their own, so that a test may change directory or be killed by a native fault.
    pool: 'forks',
    maxWorkers: 2,
    // A bound against hanging, not a measurement: nothing is asserted about time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // A run without a test proves nothing.
    passWithNoTests: false,
  },
})
