import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BUILD = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))

/** Before the first test: processes that tests start run what users run, and start in half the time. */
export function setup(): void {
  execFileSync(process.execPath, [BUILD, '--if-possible'], { stdio: ['ignore', 'ignore', 'inherit'] })
}
