import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, type ClusterNode } from '../../src/node/demo/cluster.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { quantile } from './measure.ts'
import { decideLatency } from './mesh/decide-watch.ts'
import { Asker, attachModule, CAPABILITY, IN_FLIGHT_A_NODE, isAttached, loadBy } from './mesh/load.ts'
import { oneNode } from './mesh/one-node.ts'

const NODES = 3
const ALONE = 10

/** One node that does everything; then three processes on this machine: one asks, one works, one judges. */
export const mesh: Benchmark = {
  name: 'mesh',
  about:
    'tasks from NEED to FINALIZE on one real node, and on three that share this machine, one at a time and many at once',
  run: async () => [...(await oneNode()), ...(await threeNodes())],
}

async function threeNodes(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'cs-'))
  const request = { directory, label: 'bench', nodes: NODES, verifiers: [2], capabilities: [CAPABILITY] }
  const cluster = await Cluster.start(request)
  let asker: Asker | undefined
  try {
    await cluster.ready()
    for (const [place, node] of cluster.nodes.entries()) {
      await attachModule(node.api, { works: place === 1, judges: place === 2 })
      await cluster.until(node, () => isAttached(node.api))
    }
    const asking = new Asker((cluster.nodes[0] as ClusterNode).api)
    asker = asking
    const figures = [...(await alone(asking)), ...(await together(asking, cluster))]
    return [...figures, ...(await decideLatency(cluster.nodes, () => asking.one()))]
  } finally {
    asker?.stop()
    await cluster.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function alone(asker: Asker): Promise<readonly Figure[]> {
  const times: number[] = []
  for (let n = 0; n < ALONE; n++) times.push(await asker.one())
  return [
    {
      key: 'mesh_need_to_final_p50_ms',
      about: 'one need at a time, NEED to FINALIZE, three nodes',
      value: quantile(times, 0.5),
      unit: 'ms',
    },
  ]
}

async function together(asker: Asker, cluster: Cluster): Promise<readonly Figure[]> {
  const pids = cluster.nodes.flatMap((node) => cluster.pidOf(node) ?? [])
  const { perSecond, cpuMs, times } = await loadBy(asker, pids)
  const about = `NEED to FINALIZE, ${IN_FLIGHT_A_NODE} in flight a node, three nodes on this machine`
  return [
    { key: 'mesh_tasks_per_s_3', about, value: perSecond, unit: 'per_s', aim: 1_000 },
    {
      key: 'mesh_task_cpu_ms_3',
      about: `${about}: processor time of all, a task`,
      value: cpuMs,
      unit: 'ms',
    },
    { key: 'mesh_loaded_p50_ms_3', about: `${about}: each`, value: quantile(times, 0.5), unit: 'ms' },
  ]
}
