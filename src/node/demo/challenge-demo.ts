import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import type { MicroText } from '../../model/micro.ts'
import {
  attach,
  exportOf,
  follow,
  gainsOf,
  isLedgerEqual,
  lookAt,
  type NeedDetail,
  nodeAt,
  totalOf,
  untilJoined,
  wanted,
} from './acts.ts'
import { Cluster } from './cluster.ts'
import { type DemoRecord, type DemoTold, PATIENT } from './demo.ts'
import { LIAR_WAY, moduleCapability, moduleWay, wishFor } from './text-task.ts'

const NODES = 7
const REQUESTER = 0
const LYING_WORKER = 1
/** It judges too, with too little stake for a seat of so large a need, and looks for wrong results. */
const HONEST_WORKER = 2
const LYING_VERIFIERS = [3, 4]
const HONEST_VERIFIERS = [5, 6]

/** Who they are, by name, as this story is told. */
export const CAST: ReadonlyMap<string, string> = new Map([
  ['node-1', 'asks'],
  ['node-2', 'lying worker'],
  ['node-3', 'honest worker, challenger'],
  ['node-4', 'lying verifier'],
  ['node-5', 'lying verifier'],
  ['node-6', 'honest verifier'],
  ['node-7', 'honest verifier'],
])

const LIE_PRICE = '20000000'
const HONEST_PRICE = '30000000'
/** So much that a seat locks more than the 100 credits that node-3 has staked. */
const BUDGET = '50000000'
const BOUNTY = '10000000'
const HONEST_STAKE = '1000000000' as MicroText
/** Two liars and node-3 are three verifiers: two seats must agree from the first need on. */
const PARAMETERS = { ...PATIENT, bootstrapVerifiers: 2, challengeWindowMs: 4_000 }

export interface ChallengeResult extends DemoRecord {
  /** What the liars delivered and accepted, and how the need stood then. */
  readonly lie: Uint8Array
  readonly accepted: NeedDetail
  /** Milliseconds from NEED to the lie's FINALIZE, to its end, to the right result's FINALIZE, to the settlement. */
  readonly times: {
    readonly accepted: number
    readonly invalidated: number
    readonly need: number
    readonly settled: number
  }
}

/**
 * Seven real node processes: a worker lies, verifiers who run the same program accept the lie, an honest node challenges it. Who
 * lied is slashed, and the task is done again. Nothing in the nodes lies: only the program that the liars attach does.
 * Faults as `runDemo`. Source: operations.md, "CLI" (`demo`); economy.md, "Challenges".
 */
export async function runChallengeDemo(input: Uint8Array, told: DemoTold): Promise<ChallengeResult> {
  const directory = mkdtempSync(join(tmpdir(), 'canswarm-'))
  told.step(`${NODES} nodes start, each a process of its own, on loopback`)
  const cluster = await Cluster.start({
    directory,
    label: 'demo',
    nodes: NODES,
    verifiers: LYING_VERIFIERS,
    capabilities: [moduleCapability()],
    parameters: PARAMETERS,
  })
  try {
    await cluster.ready()
    return await play(cluster, input, told, directory)
  } finally {
    await cluster.stop()
  }
}

async function play(
  cluster: Cluster,
  input: Uint8Array,
  told: DemoTold,
  directory: string,
): Promise<ChallengeResult> {
  const { nodes } = cluster
  const requester = nodeAt(cluster, REQUESTER)
  const before = await Promise.all(nodes.map(totalOf))
  told.step('node-2 attaches a worker that lies; node-4 and node-5 judge, with the same program')
  await attachLiars(cluster)
  told.step('node-3 attaches an honest worker, and has registered as a verifier with little stake')
  await attachHonestWorker(cluster)
  told.step(`node-1 asks for the statistics of ${input.length} bytes, for at most 50 credits`)
  const offered = { capability: moduleCapability(), budget: BUDGET, bounty: BOUNTY }
  await moduleWay(requester)
  const posted = await wanted(requester.api.call('need', await wishFor(requester, input, offered)))
  const [seen] = await Promise.all([watch(cluster, posted.need, told), reinforce(cluster, posted.need, told)])
  const gains = await gainsOf(nodes, before)
  told.step('The record of the thread is exported')
  const file = join(directory, 'thread.jsonl')
  const fileBytes = await exportOf(cluster, requester, posted.thread, file)
  return {
    ...seen,
    directory,
    network: cluster.network.genesis.net.toString(),
    thread: posted.thread,
    result: await wanted(requester.api.needArtifact(posted.need)),
    names: new Map(nodes.map(({ did, name }) => [did, name])),
    isReproducible: true,
    gains,
    isLedgerEqual: await isLedgerEqual(cluster),
    file,
    fileBytes,
  }
}

async function attachLiars(cluster: Cluster): Promise<void> {
  const lying = { way: LIAR_WAY, capability: moduleCapability() }
  await attach(nodeAt(cluster, LYING_WORKER), { ...lying, price: LIE_PRICE, does: ['works'] })
  for (const place of LYING_VERIFIERS) await attach(nodeAt(cluster, place), { ...lying, does: ['judges'] })
  const liars = [LYING_WORKER, ...LYING_VERIFIERS].map((place) => nodeAt(cluster, place))
  await untilJoined(cluster, liars)
}

async function attachHonestWorker(cluster: Cluster): Promise<void> {
  const node = nodeAt(cluster, HONEST_WORKER)
  const honest = { way: await moduleWay(node), capability: moduleCapability(), price: HONEST_PRICE }
  await attach(node, { ...honest, does: ['works', 'judges'] })
  await untilJoined(cluster, [node])
}

/** Once the liars have their seats, honest verifiers join, and somebody begins to look at what is accepted. */
async function reinforce(cluster: Cluster, need: string, told: DemoTold): Promise<void> {
  const requester = nodeAt(cluster, REQUESTER)
  await cluster.until(requester, async () => (await lookAt(requester, need)).bucket !== null)
  told.step('The seats are drawn: the liars have them. node-6 and node-7, honest verifiers, join')
  const capability = moduleCapability()
  const honest = HONEST_VERIFIERS.map((place) => nodeAt(cluster, place))
  for (const node of honest) {
    await wanted(node.api.call('stake', { amount: HONEST_STAKE }))
    await attach(node, { way: await moduleWay(node), capability, does: ['judges'] })
  }
  await untilJoined(cluster, honest)
  const doubter = nodeAt(cluster, HONEST_WORKER)
  told.step('node-3 does accepted tasks again from now on, to challenge what is wrong')
  await attach(doubter, { way: await moduleWay(doubter), capability, does: ['challenges'] }, 'doubter')
}

type Seen = Pick<ChallengeResult, 'accepted' | 'lie' | 'detail' | 'times'>

interface Mark {
  readonly detail: NeedDetail
  readonly ms: number
}

/** Tells of every state of the need and of its challenge until it is over. Faults `worker` where the lie got through. */
async function watch(cluster: Cluster, need: string, told: DemoTold): Promise<Seen> {
  const node = nodeAt(cluster, REQUESTER)
  const began = performance.now()
  const marks = new Map<string, Mark>()
  let lie: Uint8Array | undefined
  await follow(cluster, node, need, async (detail) => {
    for (const mark of marksOf(detail).filter((one) => !marks.has(one))) {
      marks.set(mark, { detail, ms: Math.round(performance.now() - began) })
      told.state(mark, marks.get(mark)?.ms ?? 0, detail)
    }
    if (marks.has(LIE_ACCEPTED)) lie ??= await wanted(node.api.needArtifact(need))
  })
  const seen = (mark: string): Mark => {
    const found = marks.get(mark)
    if (found === undefined) throw new FaultError('worker', `the need did not come to ${mark}`)
    return found
  }
  const [accepted, redone] = [seen(LIE_ACCEPTED), seen('FINAL again')]
  return {
    accepted: accepted.detail,
    lie: lie ?? new Uint8Array(),
    detail: redone.detail,
    times: {
      accepted: accepted.ms,
      invalidated: seen('challenge closed').ms,
      need: redone.ms,
      settled: seen('SETTLED again').ms,
    },
  }
}

const LIE_ACCEPTED = 'FINAL'

/** Where the need and its challenges stand; in later attempts `again`. */
function marksOf({ state, attempt, challenge_list: challenges }: NeedDetail): readonly string[] {
  const own = attempt === 0 ? state : `${state} again`
  return [...challenges.map((one) => `challenge ${one.state}`), own]
}
