import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Figure } from './benchmark.ts'
import { LineProcess } from './raft/child.ts'
import { startNodes } from './raft/node-cluster.ts'
import type { Round, RoundResult } from './raft/round.ts'

const GROUPS = 17
const ROUND: Omit<Round, 'run'> = { callers: 2048, warmUpMs: 0, ms: 10_000, valueBytes: 64 }
const PUTS_DEFAULT = 100_000
const KEPT_IN_A_GROUP = 1000
const AIM_BYTES = 64_000_000

/**
 * Whether memory stays bounded while commands come and go: the machine keeps the last 1,000 values of a group.
 * BENCH_PUTS says how many puts there are to be; the curve is printed as they are made.
 */
export const raftMemory: Benchmark = {
  name: 'raft-memory',
  about: `memory of a node over BENCH_PUTS puts (${PUTS_DEFAULT}), in 17 groups that forget old values`,
  async run() {
    const puts = Number(process.env['BENCH_PUTS'] ?? PUTS_DEFAULT)
    const folder = mkdtempSync(join(tmpdir(), 'bench-raft-memory-'))
    const cluster = await startNodes(folder, GROUPS, { keep: KEPT_IN_A_GROUP })
    const ports = cluster.ports.map(String)
    const client = await LineProcess.start(new URL('raft/client.ts', import.meta.url), ['raft', ...ports])
    try {
      let done = 0
      const curve: { done: number; wasm: number; rss: number; store: number }[] = []
      for (let run = 1; done < puts; run++) {
        const result = await client.ask<RoundResult>({ ...ROUND, run })
        done += result.puts
        const reports = await cluster.reports()
        const most = (pick: (one: (typeof reports)[number]) => number): number =>
          Math.max(...reports.map(pick))
        curve.push({
          done,
          wasm: most(({ wasmBytes }) => wasmBytes),
          rss: most(({ rssBytes }) => rssBytes),
          store: most(({ storeBytes }) => storeBytes),
        })
        const { wasm, rss, store } = curve.at(-1) ?? { wasm: 0, rss: 0, store: 0 }
        const line = [`${done} puts`, `engine ${mb(wasm)}`, `process ${mb(rss)}`, `store ${mb(store)}`]
        process.stdout.write(`${line.join(', ')}\n`)
      }
      return figuresOf(done, curve)
    } finally {
      await client.stop()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

function figuresOf(
  done: number,
  curve: readonly { readonly wasm: number; readonly rss: number; readonly store: number }[],
): readonly Figure[] {
  const [half, last] = [curve[curve.length >> 1], curve.at(-1)]
  return [
    { key: 'memory_puts', about: 'puts made', value: done, unit: 'count' },
    { key: 'memory_wasm_half_bytes', about: 'engine, half way', value: half?.wasm ?? 0, unit: 'bytes' },
    {
      key: 'memory_wasm_bytes',
      about: 'engine, in the end',
      value: last?.wasm ?? 0,
      unit: 'bytes',
      aim: AIM_BYTES,
    },
    { key: 'memory_rss_bytes', about: 'process, in the end', value: last?.rss ?? 0, unit: 'bytes' },
    {
      key: 'memory_store_bytes',
      about: 'files of the store, in the end',
      value: last?.store ?? 0,
      unit: 'bytes',
    },
  ]
}

function mb(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(0)} MB`
}
