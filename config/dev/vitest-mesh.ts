import { defineConfig } from 'vitest/config'
import { Tally } from './tally.ts'

/** Networks of real processes, one at a time: what takes minutes, beside the everyday suite. */
export default defineConfig({
  test: {
    include: ['test/mesh/**/*.test.ts'],
    globalSetup: ['test/setup/built-program.ts'],
    setupFiles: ['test/setup/poison-globals.ts'],
    reporters: ['default', new Tally()],
    pool: 'forks',
    maxWorkers: 1,
    // A bound against hanging, not a measurement: nothing is asserted about time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
  },
})
