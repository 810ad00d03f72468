import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Figure } from './benchmark.ts'
import { cpuMsOf, LineProcess } from './raft/child.ts'
import { countEtcdKeys } from './raft/etcd-client.ts'
import { type EtcdCluster, findEtcd, startEtcd } from './raft/etcd-cluster.ts'
import { type NodeCluster, startNodes } from './raft/node-cluster.ts'
import { keyOf } from './raft/put-store.ts'
import type { Round, RoundResult } from './raft/round.ts'

const CALLERS = [1, 64, 256] as const
const ROUNDS = 3
const ROUND = { warmUpMs: 500, ms: 4000, valueBytes: 256 }
const WARM_UP: Round = { ...ROUND, ms: 15_000, callers: 64, run: 1 }
/** The system group and those of the buckets, as version 1 of the bucket map has it. */
const GROUPS = 17

/** What is measured: three processes on loopback, and the callers in one of their own. */
interface Contestant {
  readonly name: 'raft' | 'etcd'
  readonly client: LineProcess
  readonly pids: readonly number[]
  /** Keys that are there in the end. */
  count(): Promise<number>
  stop(): Promise<void>
}

interface Measured extends RoundResult {
  /** Of the three processes together, a put. */
  readonly serverCpuUs: number
}

/**
 * Replicated put-if-absent on three processes, every put acknowledged by a quorum's disks, beside etcd. Both take turns,
 * round by round. The callers are one process for each, with one connection to each node, over which the puts of
 * its callers go without waiting for one another; each protocol is written by hand, so that neither pays for a library.
 */
export const raft: Benchmark = {
  name: 'raft',
  about: 'replicated put-if-absent over all buckets: three processes on loopback, beside a three-node etcd',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-raft-'))
    const contestants: Contestant[] = []
    try {
      contestants.push(await ours(folder))
      const etcd = await theirs(folder)
      if (etcd !== undefined) contestants.push(etcd)
      const results = await measure(contestants)
      return figuresOf(results)
    } finally {
      await Promise.all(contestants.map((one) => one.stop()))
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function ours(folder: string): Promise<Contestant> {
  const cluster = await startNodes(folder, GROUPS)
  const client = await startClient('raft', cluster.ports)
  return {
    name: 'raft',
    client,
    pids: cluster.pids,
    count: () => countPuts(cluster),
    stop: () => stopBoth(client, cluster),
  }
}

/** Every command of the benchmark is a put of a new key, so positions count keys; all replicas must agree. */
async function countPuts(cluster: NodeCluster): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const counts = (await cluster.reports()).map(({ positions }) => positions.reduce((sum, n) => sum + n, 0))
    if (counts.every((count) => count === counts[0])) return counts[0] ?? 0
    await new Promise((resolve) => void setTimeout(resolve, 100))
  }
  throw new Error('the replicas do not agree on how much was put')
}

async function theirs(folder: string): Promise<Contestant | undefined> {
  const program = findEtcd()
  if (program === undefined) {
    process.stdout.write('SKIPPED: etcd is not on the path, nor named by CANSWARM_ETCD: no comparison\n\n')
    return undefined
  }
  const cluster: EtcdCluster = await startEtcd(program, folder)
  const first = keyOf(0, 0)[0] ?? 0
  const client = await startClient('etcd', cluster.ports)
  return {
    name: 'etcd',
    client,
    pids: cluster.pids,
    count: async () => (await countEtcdKeys(cluster.ports[0] ?? 0, first)) - cluster.ports.length,
    stop: () => stopBoth(client, cluster),
  }
}

async function stopBoth(client: LineProcess, cluster: { stop(): Promise<void> }): Promise<void> {
  await client.stop()
  await cluster.stop()
}

function startClient(kind: string, ports: readonly number[]): Promise<LineProcess> {
  return LineProcess.start(new URL('raft/client.ts', import.meta.url), [kind, ...ports.map(String)])
}

async function measure(
  contestants: readonly Contestant[],
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const results = new Map<string, Measured[]>()
  const puts = new Map<Contestant, number>()
  const note = (contestant: Contestant, { puts: more }: RoundResult): void =>
    void puts.set(contestant, (puts.get(contestant) ?? 0) + more)
  // Both get as hot as they are after a while: just-in-time compilers, caches, files that have their size.
  for (const contestant of contestants) note(contestant, await measureOne(contestant, WARM_UP))
  for (let run = 1; run <= ROUNDS; run++) {
    for (const callers of CALLERS) {
      for (const contestant of contestants) {
        const measured = await measureOne(contestant, { ...ROUND, callers, run: run * 1000 + callers })
        const key = `${contestant.name}_${callers}`
        results.set(key, [...(results.get(key) ?? []), measured])
        note(contestant, measured)
      }
    }
  }
  for (const contestant of contestants) {
    const there = await contestant.count()
    if (there === puts.get(contestant)) continue
    throw new Error(
      `${contestant.name}: ${puts.get(contestant)} puts were acknowledged and ${there} are there`,
    )
  }
  return results
}

async function measureOne({ name, client, pids }: Contestant, round: Round): Promise<Measured> {
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = cpuMs()
  const result = await client.ask<RoundResult>(round)
  const serverCpuUs = ((cpuMs() - before) * 1000) / Math.max(1, result.puts)
  if (result.failed + result.refused > 0) {
    throw new Error(`${name}: ${result.failed} puts failed, ${result.refused} were refused`)
  }
  return { ...result, serverCpuUs }
}

function figuresOf(results: ReadonlyMap<string, readonly Measured[]>): readonly Figure[] {
  return CALLERS.flatMap((callers) => {
    const [mine, others] = [results.get(`raft_${callers}`) ?? [], results.get(`etcd_${callers}`)]
    return [
      ...figuresOfOne('raft', callers, mine),
      ...(others === undefined ? [] : figuresOfOne('etcd', callers, others)),
      ...(others === undefined ? [] : ratios(callers, mine, others)),
    ]
  })
}

function figuresOfOne(name: string, callers: number, rounds: readonly Measured[]): readonly Figure[] {
  const of = (pick: (one: Measured) => number): number => median(rounds.map(pick))
  const who = `${name === 'raft' ? 'ours' : 'etcd'}, ${callers} callers`
  return [
    { key: `${name}_ops_${callers}`, about: who, value: of(({ perSecond }) => perSecond), unit: 'per_s' },
    { key: `${name}_p50_ms_${callers}`, about: who, value: of(({ p50 }) => p50), unit: 'ms' },
    { key: `${name}_p95_ms_${callers}`, about: who, value: of(({ p95 }) => p95), unit: 'ms' },
    { key: `${name}_p99_ms_${callers}`, about: who, value: of(({ p99 }) => p99), unit: 'ms' },
    {
      key: `${name}_cpu_us_${callers}`,
      about: 'processor time of the three nodes, a put',
      value: of(({ serverCpuUs }) => serverCpuUs),
      unit: 'us',
    },
    {
      key: `${name}_client_cpu_us_${callers}`,
      about: 'processor time of the callers, a put',
      value: of(({ cpuUs }) => cpuUs),
      unit: 'us',
    },
  ]
}

/** Median over the rounds of ours / etcd's of the same round. */
function ratios(callers: number, mine: readonly Measured[], other: readonly Measured[]): readonly Figure[] {
  const of = (pick: (one: Measured) => number): number =>
    median(mine.map((one, at) => pick(one) / pick(other[at] ?? one)))
  return [
    {
      key: `etcd_ratio_${callers}`,
      about: `throughput, ours to etcd's`,
      value: of(({ perSecond }) => perSecond),
      unit: 'ratio',
    },
    {
      key: `etcd_p95_ratio_${callers}`,
      about: `p95, ours to etcd's`,
      value: of(({ p95 }) => p95),
      unit: 'ratio',
      aim: 1,
    },
  ]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
