import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../src/codec/cid.ts'
import { wasmCapability } from '../../src/codec/job/wasm-capability.ts'
import { Cluster, type ClusterNode } from '../../src/node/demo/cluster.ts'
import { wanted } from '../setup/mesh-cluster.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { quantile } from './measure.ts'
import { decideLatency } from './mesh/decide-watch.ts'
import { cpuMsOf } from './raft/child.ts'

const NODES = 3
const MODULE = readFileSync(new URL('../../examples/workers/text-stats.wasm', import.meta.url))
const CAPABILITY = wasmCapability(cidOf(MODULE, nodeCrypto.sha256, RAW))
/** Needs that are on their way at once, and how many are counted. */
const IN_FLIGHT = Number(process.env['BENCH_IN_FLIGHT'] ?? 50)
const NEEDS = Number(process.env['BENCH_NEEDS'] ?? 200)
const ALONE = 10
const FINISHED = new Set(['FINAL', 'SETTLED'])

/** Three node processes on this machine: one asks, one works, one judges. */
export const mesh: Benchmark = {
  name: 'mesh',
  about:
    'tasks from NEED to FINALIZE on three real nodes that share this machine, one at a time and many at once',
  async run() {
    const directory = mkdtempSync(join(tmpdir(), 'cs-'))
    const request = { directory, label: 'bench', nodes: NODES, verifiers: [2], capabilities: [CAPABILITY] }
    const cluster = await Cluster.start(request)
    let asker: Asker | undefined
    try {
      await cluster.ready()
      await attach(cluster)
      const asking = new Asker(cluster.nodes[0] as ClusterNode)
      asker = asking
      const figures = [...(await alone(asking)), ...(await together(asking, cluster))]
      return [...figures, ...(await decideLatency(cluster.nodes, () => asking.one()))]
    } finally {
      asker?.stop()
      await cluster.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

async function attach(cluster: Cluster): Promise<void> {
  for (const [place, node] of cluster.nodes.entries()) {
    const { cid } = await wanted(node.api.putContent(MODULE, 'bench'))
    if (place === 0) continue
    const way = { kind: 'wasm' as const, module: cid }
    const agent = { name: 'stats', capability: CAPABILITY, way, price: '100' as never, parallel: 16 }
    await wanted(node.api.call('agentAdd', { ...agent, works: place === 1, judges: place === 2 }))
    await cluster.until(node, async () => {
      const { agents } = await wanted(node.api.call('agents', {}))
      return agents.every(({ state }) => state !== 'joining')
    })
  }
}

async function alone(asker: Asker): Promise<readonly Figure[]> {
  const times: number[] = []
  for (let n = 0; n < ALONE; n++) times.push(await asker.one())
  return [
    {
      key: 'mesh_need_to_final_p50_ms',
      about: 'one need at a time, NEED to FINALIZE',
      value: quantile(times, 0.5),
      unit: 'ms',
    },
  ]
}

async function together(asker: Asker, cluster: Cluster): Promise<readonly Figure[]> {
  let left = NEEDS
  const times: number[] = []
  const pids = cluster.nodes.flatMap((node) => cluster.pidOf(node) ?? [])
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const [begun, cpuBefore] = [performance.now(), cpuMs()]
  const lane = async (): Promise<void> => {
    while (left-- > 0) times.push(await asker.one())
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  const perSecond = NEEDS / ((performance.now() - begun) / 1000)
  const about = `NEED to FINALIZE, ${IN_FLIGHT} in flight, three nodes on this machine`
  return [
    { key: 'mesh_tasks_per_s_3', about, value: perSecond, unit: 'per_s', aim: 1_000 },
    {
      key: 'mesh_task_cpu_ms',
      about: 'processor time of the three nodes together, a task',
      value: (cpuMs() - cpuBefore) / NEEDS,
      unit: 'ms',
    },
    { key: 'mesh_loaded_p50_ms', about: `${about}: each`, value: quantile(times, 0.5), unit: 'ms' },
  ]
}

/** Posts needs at one node, and hears of all of them by one stream of events. */
class Asker {
  readonly #api: ClusterNode['api']
  readonly #waiting = new Map<string, () => void>()
  readonly #final = new Set<string>()
  readonly #ending = new AbortController()

  constructor({ api }: ClusterNode) {
    this.#api = api
    void this.#listen()
  }

  stop(): void {
    this.#ending.abort()
  }

  /** Milliseconds of a need from NEED to FINALIZE, as its requester sees it. */
  async one(): Promise<number> {
    const begun = performance.now()
    const { need } = await wanted(
      this.#api.call('need', {
        idempotency_key: randomUUID(),
        capability: CAPABILITY,
        input: { text: 'a text' },
        budget: '1000' as never,
        verify_bounty: '1000' as never,
        wait_ms: 0,
      }),
    )
    if (!this.#final.delete(need)) await new Promise<void>((done) => void this.#waiting.set(need, done))
    return performance.now() - begun
  }

  async #listen(): Promise<void> {
    for await (const event of this.#api.events({ kinds: ['need'] }, this.#ending.signal)) {
      if (event.kind !== 'need' || !FINISHED.has(event.data.state)) continue
      const done = this.#waiting.get(event.data.need)
      if (done === undefined) this.#final.add(event.data.need)
      this.#waiting.delete(event.data.need)
      done?.()
    }
  }
}
