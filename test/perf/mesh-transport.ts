import type { Did } from '../../src/model/ids.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { type Answer, BenchNode, type Question } from './mesh/bench-node.ts'
import { LineProcess } from './raft/child.ts'

const NODES = 3
const GOSSIP = { kind: 'publish', perSecond: 100, ms: 8000, bytes: 512 } as const
const GOSSIP_WARM_UP = { ...GOSSIP, ms: 3000 } as const
/** Of the three nodes together, more than they can deliver would pile up. */
const GOSSIP_FULL = { ...GOSSIP, perSecond: 1000, ms: 4000 } as const
const SMALL = { count: 400_000, bytes: 200 }
const LARGE = { count: 2000, bytes: 65_536 }
const REQUESTS = 1500

/** A node, in this process or in one of its own. */
interface Node {
  readonly did: Did
  readonly address: string
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

/** What the mesh costs without anything above it: three nodes on loopback, each connected with each. */
export const meshTransport: Benchmark = {
  name: 'mesh-transport',
  about:
    'gossip, one-way messages and requests between nodes on loopback, over libp2p, in one process and in three',
  async run() {
    const within = await withNodes(openHere, async (nodes) => await gossip(nodes, 'one_process'))
    const apart = await withNodes(openApart, async (nodes) => [
      ...(await gossip(nodes, 'three_processes')),
      ...(await messages(nodes)),
      ...(await requests(nodes)),
    ])
    return [...within, ...apart]
  },
}

async function openHere(): Promise<Node> {
  const node = await BenchNode.open()
  const { did, address } = node
  return { did, address, ask: (question) => node.answer(question), stop: () => node.stop() }
}

async function openApart(): Promise<Node> {
  const child = await LineProcess.start(new URL('mesh/node.ts', import.meta.url), [])
  const { did, address } = await child.ask<{ did: Did; address: string }>({ kind: 'who' })
  return { did, address, ask: (question) => child.ask(question), stop: () => child.stop() }
}

async function withNodes(
  open: () => Promise<Node>,
  measure: (nodes: readonly Node[]) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const nodes = await Promise.all(Array.from({ length: NODES }, open))
  try {
    for (const [index, node] of nodes.entries()) {
      for (const { address } of nodes.slice(index + 1)) await node.ask({ kind: 'connect', address })
    }
    await Promise.all(nodes.map((node) => node.ask({ kind: 'meshed', peers: NODES - 1 })))
    return await measure(nodes)
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

async function gossip(nodes: readonly Node[], where: string): Promise<readonly Figure[]> {
  await deliver(nodes, GOSSIP_WARM_UP)
  const steady = await deliver(nodes, GOSSIP)
  const full = await deliver(nodes, GOSSIP_FULL)
  const about = `${where.replace('_', ' ')}, 512 B, ${GOSSIP.perSecond}/s a node`
  return [
    ms(`gossip_p50_${where}`, `publish to deliver, median; ${about}`, at(steady.tookUs, 0.5), 1),
    ms(`gossip_p99_${where}`, `the same, 99 of 100`, at(steady.tookUs, 0.99), 5),
    percent(`gossip_lost_${where}`, 'of these, not delivered', steady.lost),
    ms(
      `gossip_full_p50_${where}`,
      `publish to deliver, median; ${GOSSIP_FULL.perSecond}/s a node`,
      at(full.tookUs, 0.5),
    ),
    perSecond(`gossip_full_${where}`, 'deliveries of all nodes together at that', full.perSecond),
    percent(`gossip_full_lost_${where}`, 'of these, not delivered', full.lost),
  ]
}

async function deliver(nodes: readonly Node[], publish: Question & { readonly ms: number }) {
  const published = await Promise.all(nodes.map((node) => node.ask(publish)))
  const total = published.reduce((sum, { count = 0 }) => sum + count, 0)
  const heard = await Promise.all(
    nodes.map((node, index) =>
      node.ask({ kind: 'gossip-heard', count: total - (published[index]?.count ?? 0) }),
    ),
  )
  const tookUs = heard.flatMap((answer) => answer.tookUs ?? []).toSorted((a, b) => a - b)
  const due = total * (nodes.length - 1)
  return { tookUs, perSecond: (tookUs.length * 1000) / publish.ms, lost: (100 * (due - tookUs.length)) / due }
}

async function messages(nodes: readonly Node[]): Promise<readonly Figure[]> {
  const [from, to] = nodes
  if (from === undefined || to === undefined) return []
  const rate = async ({ count, bytes }: typeof SMALL): Promise<number> => {
    const sending = from.ask({ kind: 'send', to: to.did, count, bytes })
    const { ms: endMs = 0 } = await to.ask({ kind: 'messages-heard', count })
    const { ms: startMs = 0 } = await sending
    return (count * 1000) / (endMs - startMs)
  }
  await rate(SMALL)
  const small = await rate(SMALL)
  const large = await rate(LARGE)
  return [
    perSecond('send_small', `one-way messages of ${SMALL.bytes} B between two processes`, small),
    perSecond(
      'send_large_mib',
      'MiB a second in one-way messages of 64 KiB',
      (large * LARGE.bytes) / 1_048_576,
    ),
  ]
}

async function requests(nodes: readonly Node[]): Promise<readonly Figure[]> {
  const [from, to] = nodes
  if (from === undefined || to === undefined) return []
  const ask = (atOnce: number): Promise<Answer> =>
    from.ask({ kind: 'ask', to: to.did, count: REQUESTS, bytes: 200, atOnce })
  await ask(1)
  const one = (await ask(1)).tookUs?.toSorted((a, b) => a - b) ?? []
  const many = await ask(32)
  return [
    ms('request_p50', 'request and answer of 200 B, median, one at a time', at(one, 0.5)),
    ms('request_p99', 'the same, 99 of 100', at(one, 0.99)),
    perSecond('requests_32', 'requests with 32 under way', (REQUESTS * 1000) / (many.ms ?? Number.NaN)),
  ]
}

function at(sorted: readonly number[], share: number): number {
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1000
}

function ms(key: string, about: string, value: number, aim?: number): Figure {
  return { key, about, value, unit: 'ms', ...(aim === undefined ? {} : { aim }) }
}

function perSecond(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'per_s' }
}

function percent(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'percent' }
}
