/**
 * The callers of the benchmark, as one process: `node client.ts raft|etcd PORT PORT PORT`. A line of JSON asks for a
 * round { callers, warmUpMs, ms, valueBytes, run }, a line answers with what it came to (`RoundResult`). Each
 * caller has one put underway at a time and stays with one of the nodes.
 */
import { createInterface } from 'node:readline'
import { dialEtcd } from './etcd-client.ts'
import { dialNode } from './node-client.ts'
import { keyOf, type PutStore } from './put-store.ts'
import type { Round, RoundResult } from './round.ts'

const [, , kind = '', ...ports] = process.argv
const dial = kind === 'etcd' ? dialEtcd : dialNode
const stores = await Promise.all(ports.map((port) => dial(Number(port))))
process.stdout.write('{}\n')
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await runRound(JSON.parse(line) as Round))}\n`)
}
for (const store of stores) store.close()

async function runRound({ callers, warmUpMs, ms, valueBytes, run }: Round): Promise<RoundResult> {
  const value = new Uint8Array(valueBytes).fill(0x76)
  const latencies: number[] = []
  const begun = performance.now()
  const [from, to] = [begun + warmUpMs, begun + warmUpMs + ms]
  const counts = { puts: 0, refused: 0, failed: 0 }
  let number = 0
  const cpu = process.cpuUsage()

  const caller = async (store: PutStore): Promise<void> => {
    for (let now = performance.now(); now < to; ) {
      const took = await store.put(keyOf(run, ++number), value).catch(() => undefined)
      const after = performance.now()
      if (took === undefined) counts.failed++
      else if (took) counts.puts++
      else counts.refused++
      if (now >= from && after <= to && took !== undefined) latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(
    Array.from({ length: callers }, (_, at) => caller(stores[at % stores.length] as PutStore)),
  )
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const quantile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  return {
    ...counts,
    perSecond: (latencies.length * 1000) / ms,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    cpuUs: (user + system) / Math.max(1, number),
  }
}
