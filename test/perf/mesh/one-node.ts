import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homePaths } from '../../../src/node/home.ts'
import { ApiClient } from '../../../src/sdk/client.ts'
import type { Figure } from '../benchmark.ts'
import { quantile } from '../measure.ts'
import { Asker, attachModule, IN_FLIGHT_A_NODE, isAttached, loadBy } from './load.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
const READY_MS_MAX = 120_000
const ROUND_MS = 100

/** `canswarm dev`: one process that asks, works and judges, each for an account of its own. */
export async function oneNode(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'cs-'))
  const home = join(directory, 'dev')
  const node = spawn(process.execPath, [BIN, 'dev', '--home', home], { stdio: 'ignore' })
  try {
    const api = new ApiClient({ socketPath: homePaths(home).socket })
    await until(node, async () => {
      const status = await api.call('status', {})
      return status.ok && status.value.slot.n >= 3
    })
    await attachModule(api, { works: true, judges: true })
    await until(node, () => isAttached(api))
    return await measured(api, node.pid ?? 0)
  } finally {
    node.kill('SIGTERM')
    if (node.exitCode === null) await once(node, 'exit')
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measured(api: ApiClient, pid: number): Promise<readonly Figure[]> {
  const asker = new Asker(api)
  try {
    await asker.one()
    const { perSecond, cpuMs, times } = await loadBy(asker, [pid])
    const about = `NEED to FINALIZE, ${IN_FLIGHT_A_NODE} in flight, one node`
    return [
      { key: 'mesh_tasks_per_s_1', about, value: perSecond, unit: 'per_s', aim: 2_000 },
      { key: 'mesh_task_cpu_ms_1', about: `${about}: processor time`, value: cpuMs, unit: 'ms' },
      { key: 'mesh_loaded_p50_ms_1', about: `${about}: each`, value: quantile(times, 0.5), unit: 'ms' },
    ]
  } finally {
    asker.stop()
  }
}

async function until(node: ChildProcess, isSo: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await isSo().catch(() => false))) {
    if (node.exitCode !== null || performance.now() - began > READY_MS_MAX)
      throw new Error('the node of the benchmark does not come on')
    await new Promise((resolve) => void setTimeout(resolve, ROUND_MS))
  }
}
