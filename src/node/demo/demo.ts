import { randomUUID } from 'node:crypto'
import { createWriteStream, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { cidOf, RAW } from '../../codec/cid.ts'
import { wasmCapability } from '../../codec/job/wasm-capability.ts'
import { FaultError } from '../../model/fault.ts'
import type { Result } from '../../model/result.ts'
import type { ApiProblem, InputOf, OutputOf } from '../../sdk/client.ts'
import { offline } from '../offline.ts'
import { Cluster, type ClusterNode } from './cluster.ts'

/** What a demonstration shows, step by step; whoever prints it decides how. */
export interface DemoTold {
  readonly step: (text: string) => void
  readonly state: (state: string, ms: number, detail: OutputOf<'needShow'>) => void
}

export interface DemoRequest {
  /** Bytes that the task works on. */
  readonly input: Uint8Array
  /** A command instead of the module that is shipped; run without a sandbox where `unsafe`. */
  readonly exec?: { readonly command: readonly string[]; readonly unsafe: boolean }
}

/** How long each phase took, in milliseconds. */
export interface DemoTimes {
  readonly start: number
  readonly attach: number
  readonly need: number
  readonly settle: number
  readonly export: number
}

export interface DemoResult {
  readonly directory: string
  /** Text of the genesis CID, by which a replay knows the network. */
  readonly network: string
  readonly thread: string
  readonly result: Uint8Array
  /** As it stood when the result was accepted. */
  readonly detail: OutputOf<'needShow'>
  readonly names: ReadonlyMap<string, string>
  /** Anybody can do the task again: the replay has to. */
  readonly isReproducible: boolean
  /** Micro-credits that each node gained, or lost. */
  readonly gains: readonly { readonly name: string; readonly gained: bigint }[]
  /** Every node says the same of the ledger. */
  readonly isLedgerEqual: boolean
  readonly file: string
  readonly fileBytes: number
  readonly times: DemoTimes
}

const NODES = 5
/** Of a command: nobody else knows what it does. A module is named by its CID, so that anybody can do its work again. */
const COMMAND_CAPABILITY = 'text/stats'
const MODULE = fileURLToPath(new URL('../../../examples/workers/text-stats.wasm', import.meta.url))
const INLINE_MAX = 32_768
const WORKERS = [1, 2]
const VERIFIERS = [3, 4]
const PRICES = ['400000', '700000']
const BUDGET = '1000000'
const BOUNTY = '1000000'
const ENDED = new Set(['SETTLED', 'EXPIRED', 'CANCELLED', 'SPLIT'])

/**
 * Five real node processes on loopback take a task from NEED to its settlement: one asks, two bid, two verify. The homes
 * stay in a directory of their own below the system's temporary one. Faults where a node ends, or the need does not come
 * to a result. Source: operations.md, "First minutes".
 */
export async function runDemo(request: DemoRequest, told: DemoTold): Promise<DemoResult> {
  const directory = mkdtempSync(join(tmpdir(), 'canswarm-'))
  const clock = stopwatch()
  told.step(`${NODES} nodes start, each a process of its own, on loopback`)
  const verifiers = { verifiers: VERIFIERS, capabilities: [capabilityOf(request)] }
  const cluster = await Cluster.start({ directory, label: 'demo', nodes: NODES, ...verifiers })
  try {
    await cluster.ready()
    const start = clock()
    return await play({ cluster, request, told, directory, clock, start })
  } finally {
    await cluster.stop()
  }
}

interface Play {
  readonly cluster: Cluster
  readonly request: DemoRequest
  readonly told: DemoTold
  readonly directory: string
  readonly clock: () => number
  readonly start: number
}

async function play({ cluster, request, told, directory, clock, start }: Play): Promise<DemoResult> {
  const { nodes } = cluster
  const requester = at(nodes, 0)
  const before = await Promise.all(nodes.map(totalOf))
  told.step(`${WORKERS.length} nodes attach a worker, ${VERIFIERS.length} judge what workers deliver`)
  await attachAll(cluster, request)
  const attach = clock()
  told.step(`node-1 asks for the statistics of ${request.input.length} bytes, for at most 1 credit`)
  const posted = await wanted(requester.api.call('need', await wishOf(requester, request)))
  const { detail, ms: need } = await follow(cluster, posted.need, told)
  const settle = clock() - need
  const result = await wanted(requester.api.needArtifact(posted.need))
  const after = await Promise.all(nodes.map(totalOf))
  told.step('The record of the thread is exported')
  const file = join(directory, 'thread.jsonl')
  const fileBytes = await exportOf(cluster, posted.thread, file)
  return {
    directory,
    network: cluster.network.genesis.net.toString(),
    thread: posted.thread,
    result,
    detail,
    isReproducible: request.exec === undefined,
    names: new Map(nodes.map(({ did, name }) => [did, name])),
    gains: nodes.map(({ name }, n) => ({ name, gained: (after[n] ?? 0n) - (before[n] ?? 0n) })),
    isLedgerEqual: await isLedgerEqual(cluster),
    file,
    fileBytes,
    times: { start, attach, need, settle, export: clock() },
  }
}

async function attachAll(cluster: Cluster, request: DemoRequest): Promise<void> {
  const { nodes } = cluster
  for (const [n, place] of [...WORKERS, ...VERIFIERS].entries()) {
    const node = at(nodes, place)
    const isWorker = WORKERS.includes(place)
    const price = PRICES[n] ?? '0'
    const way = await wayOf(node, request)
    const agent = { name: 'stats', capability: capabilityOf(request), way, price, parallel: 4 } as const
    await wanted(
      node.api.call('agentAdd', {
        ...agent,
        price: agent.price as never,
        works: isWorker,
        judges: !isWorker,
      }),
    )
  }
  for (const place of [...WORKERS, ...VERIFIERS]) {
    const node = at(nodes, place)
    await cluster.until(node, async () => {
      const { agents } = await wanted(node.api.call('agents', {}))
      return agents.every(({ state }) => state !== 'joining')
    })
  }
}

function capabilityOf({ exec }: DemoRequest): string {
  if (exec !== undefined) return COMMAND_CAPABILITY
  return wasmCapability(cidOf(readFileSync(MODULE), offline.crypto.sha256, RAW))
}

async function wayOf(node: ClusterNode, { exec }: DemoRequest): Promise<InputOf<'agentAdd'>['way']> {
  if (exec !== undefined) return { kind: 'exec', command: [...exec.command], unsafe: exec.unsafe }
  const { cid } = await wanted(node.api.putContent(readFileSync(MODULE), 'demo'))
  return { kind: 'wasm', module: cid }
}

async function wishOf(node: ClusterNode, request: DemoRequest): Promise<InputOf<'need'>> {
  const { input, exec } = request
  if (exec === undefined) await wanted(node.api.putContent(readFileSync(MODULE), 'demo'))
  const content =
    input.length <= INLINE_MAX
      ? { base64: Buffer.from(input).toString('base64') }
      : { cid: (await wanted(node.api.putContent(input, 'demo'))).cid as never, size: input.length }
  return {
    idempotency_key: randomUUID(),
    capability: capabilityOf(request),
    label: 'statistics of a text',
    input: content,
    budget: BUDGET as never,
    verify_bounty: BOUNTY as never,
    ...(exec?.unsafe === true ? { isolation: 'none' as const } : {}),
  }
}

/** Tells of every state until the need is over; gives how it stood when its result was accepted. */
async function follow(
  cluster: Cluster,
  need: string,
  told: DemoTold,
): Promise<{ readonly detail: OutputOf<'needShow'>; readonly ms: number }> {
  const requester = at(cluster.nodes, 0)
  const since = stopwatch()
  let state = ''
  let accepted: { readonly detail: OutputOf<'needShow'>; readonly ms: number } | undefined
  let waited = 0
  await cluster.until(requester, async () => {
    const detail = await wanted(requester.api.call('needShow', { need: need as never }))
    if (detail.state !== state) {
      state = detail.state
      waited += since()
      told.state(state, waited, detail)
    }
    if (detail.state === 'FINAL') accepted ??= { detail, ms: waited }
    return detail.over || (ENDED.has(detail.state) && detail.state !== 'SETTLED')
  })
  if (accepted === undefined) throw new FaultError('worker', `the need came to nothing: ${state}`)
  return accepted
}

/** Writes the record once the certificate that closes it is there; gives its bytes. */
async function exportOf(cluster: Cluster, thread: string, file: string): Promise<number> {
  const requester = at(cluster.nodes, 0)
  let bytes = 0
  await cluster.until(requester, async () => {
    const wish = { form: 'jsonl', content: 'inline' } as const
    const exported = await wanted(requester.api.exportThread(thread, wish))
    await pipeline(exported.pieces, createWriteStream(file))
    bytes = exported.bytes
    return exported.isFinished
  })
  return bytes
}

async function totalOf({ api }: ClusterNode): Promise<bigint> {
  return BigInt((await wanted(api.call('balance', {}))).total)
}

/** Balances of all nodes as each node has them. */
async function isLedgerEqual({ nodes }: Cluster): Promise<boolean> {
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

async function wanted<Value>(answer: Promise<Result<Value, ApiProblem>>): Promise<Value> {
  const result = await answer
  if (result.ok) return result.value
  throw new FaultError('worker', `a node refused: ${result.error.code}: ${result.error.message}`)
}

function at(nodes: readonly ClusterNode[], place: number): ClusterNode {
  const node = nodes[place]
  if (node === undefined) throw new FaultError('worker', `there is no node ${place + 1}`)
  return node
}

/** Milliseconds since the last call, or since it was made. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const passed = Math.round(now - last)
    last = now
    return passed
  }
}
