/** What a demonstration does with its nodes, by their local API alone. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { FaultError } from '../../model/fault.ts'
import type { MicroText } from '../../model/micro.ts'
import type { Result } from '../../model/result.ts'
import type { ApiProblem, InputOf, OutputOf } from '../../sdk/client.ts'
import type { Cluster, ClusterNode } from './cluster.ts'

export type NeedDetail = OutputOf<'needShow'>

/** What a node does with what is attached to it; amounts in micro-credits. */
export interface Part {
  readonly way: InputOf<'agentAdd'>['way']
  readonly capability: string
  readonly price?: string
  readonly does: readonly ('works' | 'judges' | 'challenges')[]
}

const AGENT = 'stats'
const ENDED = new Set(['SETTLED', 'EXPIRED', 'CANCELLED', 'SPLIT'])

/** Attaches an agent; the registry may not name it yet. Faults `worker` where the node refuses. */
export async function attach({ api }: ClusterNode, part: Part, name = AGENT): Promise<void> {
  const { way, capability, price = '0', does } = part
  const agent = { name, capability, way, price: price as MicroText, parallel: 4 }
  const [works, judges, challenges] = (['works', 'judges', 'challenges'] as const).map((one) =>
    does.includes(one),
  )
  await wanted(api.call('agentAdd', { ...agent, works, judges, challenges }))
}

/** Resolves when the registry names all that is attached to these nodes. */
export async function untilJoined(cluster: Cluster, nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes) {
    await cluster.until(node, async () => {
      const { agents } = await wanted(node.api.call('agents', {}))
      return agents.every(({ state }) => state !== 'joining')
    })
  }
}

/** How a need stands, as one node sees it. */
export async function lookAt({ api }: ClusterNode, need: string): Promise<NeedDetail> {
  return await wanted(api.call('needShow', { need: need as never }))
}

/** Looks until the need is over. Faults `worker` where it came to nothing: no result was settled. */
export async function follow(
  cluster: Cluster,
  node: ClusterNode,
  need: string,
  look: (detail: NeedDetail) => void | Promise<void>,
): Promise<NeedDetail> {
  let last: NeedDetail | undefined
  await cluster.until(node, async () => {
    last = await lookAt(node, need)
    await look(last)
    return last.over || (ENDED.has(last.state) && last.state !== 'SETTLED')
  })
  if (last?.state !== 'SETTLED') throw new FaultError('worker', `the need came to nothing: ${last?.state}`)
  return last
}

/** Writes the record once the certificate that closes it is there; gives its bytes. */
export async function exportOf(
  cluster: Cluster,
  node: ClusterNode,
  thread: string,
  file: string,
): Promise<number> {
  let bytes = 0
  await cluster.until(node, async () => {
    const wish = { form: 'jsonl', content: 'inline' } as const
    const exported = await wanted(node.api.exportThread(thread, wish))
    await pipeline(exported.pieces, createWriteStream(file))
    bytes = exported.bytes
    return exported.isFinished
  })
  return bytes
}

/** Micro-credits that the node's account has in all. */
export async function totalOf({ api }: ClusterNode): Promise<bigint> {
  return BigInt((await wanted(api.call('balance', {}))).total)
}

/** What each node gained, or lost; `before`: `totalOf` each of them. */
export async function gainsOf(nodes: readonly ClusterNode[], before: readonly bigint[]) {
  const after = await Promise.all(nodes.map(totalOf))
  return nodes.map(({ name }, at) => ({ name, gained: (after[at] ?? 0n) - (before[at] ?? 0n) }))
}

/** True where all nodes say the same of the balances of all of them. */
export async function isLedgerEqual({ nodes }: Cluster): Promise<boolean> {
  const views = await Promise.all(
    nodes.map(async ({ api }) => {
      const totals = await Promise.all(
        nodes.map(async ({ did }) => await wanted(api.call('balance', { did }))),
      )
      return totals.map(({ total }) => total).join()
    }),
  )
  return new Set(views).size === 1
}

/** What a node answers. Faults `worker` where it refuses. */
export async function wanted<Value>(answer: Promise<Result<Value, ApiProblem>>): Promise<Value> {
  const result = await answer
  if (result.ok) return result.value
  throw new FaultError('worker', `a node refused: ${result.error.code}: ${result.error.message}`)
}

/** A node by its place, from 0 on. */
export function nodeAt({ nodes }: Cluster, place: number): ClusterNode {
  const node = nodes[place]
  if (node === undefined) throw new FaultError('worker', `there is no node ${place + 1}`)
  return node
}

/** Milliseconds since the last call, or since it was made. */
export function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const passed = Math.round(now - last)
    last = now
    return passed
  }
}
