import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { isOver, MeshNetwork, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 240_000

let network: MeshNetwork

beforeAll(async () => {
  network = await MeshNetwork.start()
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

describe('five nodes, of which some die', () => {
  it(
    'give the work to the next worker when the first one dies over it; who was dead writes the same record',
    async () => {
      const posted = await wanted(network.post('test/slow'))
      const claimed = await network.until(posted.need, ({ state }) => state === 'CLAIMED')
      const dead = network.byDid(claimed.worker ?? '')
      await network.cluster.kill(dead, 'SIGKILL')
      const final = await network.until(posted.need, ({ final: isFinal }) => isFinal)
      expect(final.attempt).toBe(1)
      expect(final.worker).toBe(network.node(2).did)
      await network.until(posted.need, isOver)
      network.cluster.run(dead)
      await network.cluster.ready()
      const record = await network.exported(posted.thread, network.node(0))
      expect((await network.exported(posted.thread, dead)).equals(record)).toBe(true)
      expect(network.replay(record)).toBe(0)
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )

  it(
    'go on without the leader of the hub',
    async () => {
      const posted = await wanted(network.post('test/slow'))
      await network.until(posted.need, ({ state }) => state === 'CLAIMED')
      const { hub } = await wanted(network.node(0).api.call('status', {}))
      const leader = network.byDid(hub.leader ?? '')
      await network.cluster.kill(leader, 'SIGKILL')
      const seenBy = network.cluster.nodes.find((node) => node !== leader)
      const over = await network.until(posted.need, isOver, seenBy)
      expect(over.state).toBe('SETTLED')
      network.cluster.run(leader)
      await network.cluster.ready()
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )

  it(
    'take a task once that was asked for twice, with its node killed between and the hub out',
    async () => {
      const [asked, ...others] = network.cluster.nodes as [ClusterNode, ...ClusterNode[]]
      for (const other of others) await network.cluster.kill(other, 'SIGKILL')
      const wish = { idempotency_key: 'asked-for-twice', wait_ms: 0 }
      const first = await wanted(network.post('test/quick', wish))
      await network.cluster.kill(asked, 'SIGKILL')
      network.cluster.run(asked)
      await network.cluster.until(asked, async () => (await asked.api.call('status', {})).ok)
      expect(await wanted(network.post('test/quick', wish))).toEqual({ ...first, state: 'posted' })
      for (const other of others) network.cluster.run(other)
      await network.cluster.ready()
      expect(await network.until(first.need, isOver)).toMatchObject({ state: 'SETTLED' })
      expect(await wanted(network.post('test/quick', wish))).toEqual({ ...first, state: 'known' })
    },
    LONG_MS,
  )

  it(
    'go on after all of them died over a task',
    async () => {
      const posted = await wanted(network.post('test/slow'))
      await network.until(posted.need, ({ state }) => state === 'CLAIMED')
      for (const node of network.cluster.nodes) await network.cluster.kill(node, 'SIGKILL')
      for (const node of network.cluster.nodes) network.cluster.run(node)
      await network.cluster.ready()
      const over = await network.until(posted.need, isOver)
      expect(over.state).toBe('SETTLED')
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )
})
