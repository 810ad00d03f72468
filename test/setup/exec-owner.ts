/** A process that runs a command at the level of its first argument, to be killed in the middle of it. */
import { openExecRunner } from '../../src/adapters/exec/exec-runner.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { Isolation } from '../../src/model/isolation.ts'

const [isolation, folder, script] = process.argv.slice(2) as [Isolation, string, string]
const most = 1_000_000_000
const runner = openExecRunner({
  command: ['sh', '-c', script],
  isolation,
  least: 'none',
  unsafe: true,
  limits: {
    wallMsMax: most,
    cpuMsMax: most,
    memoryBytesMax: most,
    processesMax: 64,
    openFilesMax: 64,
    outputBytesMax: most,
  },
  environment: {},
  readable: [],
  folder,
  jobsMax: 1,
  clock: systemClock,
})
const task = { need: 'n', attempt: 0, task_type: 't', capability: 'c', label: 'l' }
await runner.run({ task, input: new Uint8Array(0), seed: new Uint8Array(32) })
