import type { Reporter, TestModule } from 'vitest/node'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Ends a run with one plain line, `N passed, N failed[, N skipped]`, for people and for `.ci/run`.
 * A file that could not be loaded and an error outside every test count as failed. A run in which no
 * test was executed exits with 1, whatever was skipped.
 */
export class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = count(modules, errors)
    if (counts.passed + counts.failed === 0) process.exitCode = 1
    // The default reporter writes its summary in the same turn; this line comes after it.
    process.once('exit', () => process.stdout.write(`${line(counts)}\n`))
  }
}

function count(modules: readonly TestModule[], errors: readonly unknown[]): Counts {
  const states = modules.flatMap((module) =>
    [...module.children.allTests()].map((test) => test.result().state),
  )
  const broken = modules.filter((module) => module.errors().length > 0 || hasBrokenSuite(module))
  const of = (state: string): number => states.filter((one) => one === state).length
  return {
    passed: of('passed'),
    failed: of('failed') + broken.length + errors.length,
    skipped: of('skipped') + of('pending'),
  }
}

function hasBrokenSuite(module: TestModule): boolean {
  return [...module.children.allSuites()].some((suite) => suite.errors().length > 0)
}

function line({ passed, failed, skipped }: Counts): string {
  const tail = skipped === 0 ? '' : `, ${skipped} skipped`
  return `${passed} passed, ${failed} failed${tail}`
}
