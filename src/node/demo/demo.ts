import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InputOf } from '../../sdk/client.ts'
import {
  attach,
  exportOf,
  follow,
  gainsOf,
  isLedgerEqual,
  type NeedDetail,
  nodeAt,
  stopwatch,
  totalOf,
  untilJoined,
  wanted,
} from './acts.ts'
import { Cluster, type ClusterNode } from './cluster.ts'
import { moduleCapability, moduleWay, wishFor } from './text-task.ts'

/** What a demonstration shows, step by step; whoever prints it decides how. */
export interface DemoTold {
  readonly step: (text: string) => void
  /** `ms`: since the NEED. */
  readonly state: (state: string, ms: number, detail: NeedDetail) => void
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

/** What is left of a demonstration, whatever its story. */
export interface DemoRecord {
  readonly directory: string
  /** Text of the genesis CID, by which a replay knows the network. */
  readonly network: string
  readonly thread: string
  readonly result: Uint8Array
  /** As it stood when the result was accepted for good. */
  readonly detail: NeedDetail
  readonly names: ReadonlyMap<string, string>
  /** Anybody can do the task again: the replay has to. */
  readonly isReproducible: boolean
  /** Micro-credits that each node gained, or lost. */
  readonly gains: readonly { readonly name: string; readonly gained: bigint }[]
  /** Every node says the same of the ledger. */
  readonly isLedgerEqual: boolean
  readonly file: string
  readonly fileBytes: number
}

export interface DemoResult extends DemoRecord {
  readonly times: DemoTimes
}

/** Nobody is late because this machine is busy: what is in time ends these windows at once. */
export const PATIENT = {
  planRevealWindowMs: 10_000,
  planAttestWindowMs: 10_000,
  claimWindowMs: 10_000,
  revealWindowMs: 10_000,
  attestWindowMs: 60_000,
}

const NODES = 5
/** Of a command: nobody else knows what it does. */
const COMMAND_CAPABILITY = 'text/stats'
const WORKERS = [1, 2]
const VERIFIERS = [3, 4]
const PRICES = ['400000', '700000']
const BUDGET = '1000000'
const BOUNTY = '1000000'

/**
 * Five real node processes on loopback take a task from NEED to its settlement: one asks, two bid, two verify. The homes
 * stay in a directory of their own below the system's temporary one. Faults where a node ends, or the need does not come
 * to a result. Source: operations.md, "First minutes".
 */
export async function runDemo(request: DemoRequest, told: DemoTold): Promise<DemoResult> {
  const directory = mkdtempSync(join(tmpdir(), 'canswarm-'))
  const clock = stopwatch()
  told.step(`${NODES} nodes start, each a process of its own, on loopback`)
  const cluster = await Cluster.start({
    directory,
    label: 'demo',
    nodes: NODES,
    verifiers: VERIFIERS,
    capabilities: [capabilityOf(request)],
    parameters: PATIENT,
  })
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
  const requester = nodeAt(cluster, 0)
  const before = await Promise.all(nodes.map(totalOf))
  told.step(`${WORKERS.length} nodes attach a worker, ${VERIFIERS.length} judge what workers deliver`)
  await attachAll(cluster, request)
  const attached = clock()
  told.step(`node-1 asks for the statistics of ${request.input.length} bytes, for at most 1 credit`)
  const posted = await wanted(requester.api.call('need', await wishOf(requester, request)))
  const { detail, ms: need } = await watch(cluster, posted.need, told)
  const settle = clock() - need
  const result = await wanted(requester.api.needArtifact(posted.need))
  const gains = await gainsOf(nodes, before)
  told.step('The record of the thread is exported')
  const file = join(directory, 'thread.jsonl')
  const fileBytes = await exportOf(cluster, requester, posted.thread, file)
  return {
    directory,
    network: cluster.network.genesis.net.toString(),
    thread: posted.thread,
    result,
    detail,
    isReproducible: request.exec === undefined,
    names: new Map(nodes.map(({ did, name }) => [did, name])),
    gains,
    isLedgerEqual: await isLedgerEqual(cluster),
    file,
    fileBytes,
    times: { start, attach: attached, need, settle, export: clock() },
  }
}

async function attachAll(cluster: Cluster, request: DemoRequest): Promise<void> {
  const capability = capabilityOf(request)
  const places = [...WORKERS, ...VERIFIERS]
  for (const [n, place] of places.entries()) {
    const node = nodeAt(cluster, place)
    const does = [WORKERS.includes(place) ? ('works' as const) : ('judges' as const)]
    await attach(node, { way: await wayOf(node, request), capability, price: PRICES[n] ?? '0', does })
  }
  await untilJoined(
    cluster,
    places.map((place) => nodeAt(cluster, place)),
  )
}

function capabilityOf({ exec }: DemoRequest): string {
  return exec === undefined ? moduleCapability() : COMMAND_CAPABILITY
}

async function wayOf(node: ClusterNode, { exec }: DemoRequest): Promise<InputOf<'agentAdd'>['way']> {
  if (exec === undefined) return await moduleWay(node)
  return { kind: 'exec', command: [...exec.command], unsafe: exec.unsafe }
}

async function wishOf(node: ClusterNode, request: DemoRequest): Promise<InputOf<'need'>> {
  const { input, exec } = request
  if (exec === undefined) await moduleWay(node)
  const offered = { capability: capabilityOf(request), budget: BUDGET, bounty: BOUNTY }
  const wish = await wishFor(node, input, offered)
  return exec?.unsafe === true ? { ...wish, isolation: 'none' } : wish
}

/** Tells of every state until the need is over; gives how it stood when its result was accepted. */
async function watch(
  cluster: Cluster,
  need: string,
  told: DemoTold,
): Promise<{ readonly detail: NeedDetail; readonly ms: number }> {
  const since = stopwatch()
  let state = ''
  let waited = 0
  let accepted: { readonly detail: NeedDetail; readonly ms: number } | undefined
  const last = await follow(cluster, nodeAt(cluster, 0), need, (detail) => {
    if (detail.state === state) return
    state = detail.state
    waited += since()
    told.state(state, waited, detail)
    if (state === 'FINAL') accepted = { detail, ms: waited }
  })
  return accepted ?? { detail: last, ms: waited }
}
