import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Figure } from './benchmark.ts'
import { median } from './measure.ts'
import { cpuMsOf, LineProcess } from './raft/child.ts'
import { type NodeCluster, startNodes } from './raft/node-cluster.ts'
import type { Round, RoundResult } from './raft/round.ts'

const CALLERS = [1, 64, 256] as const
const ROUNDS = 3
const ROUND = { warmUpMs: 500, ms: 3000, valueBytes: 256 }
const GROUPS = 17

interface Contestant {
  readonly name: 'plain' | 'certified'
  readonly cluster: NodeCluster
  readonly client: LineProcess
}

interface Measured extends RoundResult {
  readonly serverCpuUs: number
}

/** The same three processes as in `raft`, with and without certificates, in turns. */
export const certifiedPuts: Benchmark = {
  name: 'certified-puts',
  about:
    'replicated put-if-absent where every put is certified by its group, beside the same without certificates',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-certified-'))
    const contestants: Contestant[] = []
    try {
      for (const name of ['plain', 'certified'] as const) contestants.push(await start(folder, name))
      return figuresOf(await measure(contestants))
    } finally {
      for (const { client, cluster } of contestants) {
        await client.stop()
        await cluster.stop()
      }
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function start(folder: string, name: Contestant['name']): Promise<Contestant> {
  const cluster = await startNodes(join(folder, name), GROUPS, { certified: name === 'certified' })
  const script = new URL('raft/client.ts', import.meta.url)
  return { name, cluster, client: await LineProcess.start(script, ['raft', ...cluster.ports.map(String)]) }
}

async function measure(contestants: readonly Contestant[]): Promise<ReadonlyMap<string, Measured[]>> {
  const results = new Map<string, Measured[]>()
  for (const one of contestants) await measureOne(one, { ...ROUND, callers: 64, run: 1 })
  for (let run = 1; run <= ROUNDS; run++) {
    for (const callers of CALLERS) {
      for (const one of contestants) {
        const measured = await measureOne(one, { ...ROUND, callers, run: run * 1000 + callers })
        const key = `${one.name}_${callers}`
        results.set(key, [...(results.get(key) ?? []), measured])
      }
    }
  }
  return results
}

async function measureOne({ name, client, cluster }: Contestant, round: Round): Promise<Measured> {
  const cpuMs = (): number => cluster.pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = cpuMs()
  const result = await client.ask<RoundResult>(round)
  if (result.failed + result.refused > 0) throw new Error(`${name}: ${result.failed} puts failed`)
  return { ...result, serverCpuUs: ((cpuMs() - before) * 1000) / Math.max(1, result.puts) }
}

function figuresOf(results: ReadonlyMap<string, Measured[]>): readonly Figure[] {
  return CALLERS.flatMap((callers) => {
    const of = (name: string, part: (one: Measured) => number): number =>
      median((results.get(`${name}_${callers}`) ?? []).map(part))
    const rate = (name: string): number => of(name, ({ perSecond }) => perSecond)
    return [
      row(`plain_${callers}`, `${callers} callers without certificates`, rate('plain'), 'per_s'),
      row(`certified_${callers}`, 'the same, every put certified', rate('certified'), 'per_s'),
      row(`certified_ratio_${callers}`, 'what is left of it', rate('certified') / rate('plain'), 'ratio'),
      row(`plain_cpu_${callers}`, 'of all three nodes, a put', of('plain', cpuOf), 'us'),
      row(`certified_cpu_${callers}`, 'the same, certified', of('certified', cpuOf), 'us'),
      row(
        `plain_p95_${callers}`,
        'without certificates',
        of('plain', ({ p95 }) => p95),
        'ms',
      ),
      row(
        `certified_p95_${callers}`,
        'certified: a put is not answered later',
        of('certified', ({ p95 }) => p95),
        'ms',
      ),
    ]
  })
}

function cpuOf({ serverCpuUs }: Measured): number {
  return serverCpuUs
}

function row(key: string, about: string, value: number, unit: Figure['unit']): Figure {
  return { key, about, value, unit }
}
