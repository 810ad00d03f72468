import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { isOver, MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
const TASK = 'test/task'
const MUTED = fileURLToPath(new URL('../setup/muted-node.ts', import.meta.url))
/** More than slots that may be underway when a leader falls silent. */
const SLOTS = 10
/** Who leads the bucket of a need is drawn. */
const TRIES_MAX = 20

let network: MeshNetwork

beforeAll(async () => {
  const part = { capability: TASK, way: printing('done'), price: '400000' }
  network = await MeshNetwork.start({
    nodes: 3,
    verifiers: [2],
    capabilities: [TASK],
    // Who is held up by a leader is not late: a worker that has delivered beats no more.
    parameters: { heartbeatIntervalMs: 10_000 },
    attached: [
      { ...part, place: 1, does: ['works'] },
      { ...part, place: 2, does: ['judges'] },
    ],
    runtime: ['--import', MUTED],
  })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

async function status({ api }: ClusterNode) {
  return await wanted(api.call('status', {}))
}

/** How often each of the others has deposed a leader meanwhile. */
async function within(
  node: ClusterNode,
  how: 'mute' | 'deaf',
  act: () => Promise<void>,
): Promise<readonly number[]> {
  const others = network.cluster.nodes.filter((one) => one !== node)
  const before = others.map(depositions)
  const file = join(node.home, how)
  writeFileSync(file, '')
  try {
    await act()
  } finally {
    rmSync(file)
  }
  return others.map((other, at) => depositions(other) - (before[at] ?? 0))
}

function depositions({ home }: ClusterNode): number {
  return readFileSync(join(home, 'node.log'), 'utf8').split('"kind\\":\\"deposed').length - 1
}

function beside(node: ClusterNode): ClusterNode {
  return network.cluster.nodes.find((one) => one !== node) as ClusterNode
}

/** A need whose bucket another node leads than the hub. */
async function postedUnderAnother() {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const posted = await wanted(network.post(TASK))
    const { leader } = await network.until(posted.need, (need) => need.leader !== null)
    const { hub } = await status(network.node(0))
    if (leader !== hub.leader) return { posted, silent: network.byDid(leader ?? '') }
    await network.until(posted.need, isOver)
  }
  throw new Error('one node leads everything')
}

/** A need whose leader fell silent: where leaders were just being spread, another one had it before anybody missed anything. */
async function heldUp(how: 'mute' | 'deaf') {
  for (let tries = 0; ; tries++) {
    const { posted, silent } = await postedUnderAnother()
    const seenBy = beside(silent)
    const deposed = await within(silent, how, async () => {
      const over = await network.until(posted.need, isOver, seenBy)
      expect(over.state).toBe('SETTLED')
      expect(over.leader).not.toBe(silent.did)
    })
    if (deposed.some((times) => times > 0) || tries === TRIES_MAX) return { posted, seenBy, deposed }
  }
}

describe('a leader that lives and leaves everything out', () => {
  it.each(['mute', 'deaf'] as const)(
    'of a bucket, %s: its need goes on, and another leads in the end',
    async (how) => {
      const { posted, seenBy, deposed } = await heldUp(how)
      for (const times of deposed) expect(times).toBeGreaterThan(0)
      expect(network.replay(await network.exported(posted.thread, seenBy))).toBe(0)
    },
    LONG_MS,
  )

  it.each(['mute', 'deaf'] as const)(
    'of the hub, %s: slots are made, and another leads in the end',
    async (how) => {
      const [first] = network.cluster.network.genesis.genesis.voters
      const silent = network.byDid(first ?? '')
      const seenBy = beside(silent)
      // Leaders spread by the group's number: it does not give the hub away by itself.
      await network.cluster.until(seenBy, async () => (await status(seenBy)).hub.leader === first)
      const before = await status(seenBy)
      const deposed = await within(silent, how, async () => {
        await network.cluster.until(seenBy, async () => {
          const { hub, slot } = await status(seenBy)
          return hub.leader !== null && hub.leader !== silent.did && slot.n > before.slot.n + SLOTS
        })
      })
      for (const times of deposed) expect(times).toBeGreaterThan(0)
    },
    LONG_MS,
  )
})
