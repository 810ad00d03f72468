import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Figure } from './benchmark.ts'
import { cpuMsOf } from './raft/child.ts'
import { type NodeCluster, startNodes } from './raft/node-cluster.ts'

const MEASURED_MS = 20_000
const POLL_MS = 500
const POLLS_MAX = 240
const AIM_CORE_PERCENT = 0.5
const AIM_WASM_BYTES = 40_000_000

/** What a mesh costs in which nobody asks for anything: all groups asleep, peers that tell each other that they live. */
export const raftIdle: Benchmark = {
  name: 'raft-idle',
  about:
    'three nodes with 17 and with 257 groups in which nothing happens: processor time and memory of a node',
  async run() {
    return [...(await idle(17)), ...(await idle(257))]
  },
}

async function idle(groups: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-raft-idle-'))
  const begun = performance.now()
  const cluster = await startNodes(folder, groups)
  try {
    const asleepMs = await untilAsleep(cluster, groups, begun)
    const before = cluster.pids.map(cpuMsOf)
    await pause(MEASURED_MS)
    const percents = cluster.pids.map((pid, at) => ((cpuMsOf(pid) - (before[at] ?? 0)) * 100) / MEASURED_MS)
    const reports = await cluster.reports()
    return [
      figure(`idle_core_percent_${groups}`, 'of a core, the busiest of the nodes', Math.max(...percents), {
        unit: 'percent',
        aim: AIM_CORE_PERCENT,
      }),
      figure(`idle_wasm_bytes_${groups}`, 'memory of the engine', most(reports.map((one) => one.wasmBytes)), {
        unit: 'bytes',
        aim: AIM_WASM_BYTES,
      }),
      figure(`idle_rss_bytes_${groups}`, 'memory of the process', most(reports.map((one) => one.rssBytes)), {
        unit: 'bytes',
      }),
      figure(`asleep_after_s_${groups}`, 'from the start until every group sleeps', asleepMs / 1000, {
        unit: 's',
      }),
    ]
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function figure(key: string, about: string, value: number, more: Pick<Figure, 'unit' | 'aim'>): Figure {
  return { key, about, value, ...more }
}

async function untilAsleep(cluster: NodeCluster, groups: number, begun: number): Promise<number> {
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const reports = await cluster.reports()
    if (reports.every(({ asleep }) => asleep === groups)) return performance.now() - begun
    await pause(POLL_MS)
  }
  throw new Error('the groups do not fall asleep')
}

function most(values: readonly number[]): number {
  return Math.max(...values)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
