import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MeshNetwork, type Need, wanted } from '../../setup/mesh-cluster.ts'

const LONG_MS = 240_000

let directory: string
let network: MeshNetwork

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cs-'))
  network = await MeshNetwork.start(directory)
}, LONG_MS)

afterAll(async () => {
  await network.cluster.stop()
  rmSync(directory, { recursive: true, force: true })
}, LONG_MS)

const isOver = ({ over }: Need): boolean => over

describe('five nodes, each a process of its own', () => {
  it(
    'take a need from NEED to its payout, and all write the same record, which replays',
    async () => {
      const posted = await wanted(network.post('test/quick'))
      const final = await network.until(posted.need, ({ final: isFinal }) => isFinal)
      expect(final.worker).toBe(network.node(1).did)
      expect(final.ranking.map(({ bidder }) => bidder)).toEqual([network.node(1).did, network.node(2).did])
      const artifact = await wanted(network.node(0).api.needArtifact(posted.need))
      expect(new TextDecoder().decode(artifact)).toBe('quick')
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.outcome]).toEqual(['SETTLED', 'settled'])
      const records = []
      for (const node of network.cluster.nodes) records.push(await network.exported(posted.thread, node))
      for (const record of records) expect(record.equals(records[0] as Buffer)).toBe(true)
      expect(network.replay(directory, records[0] as Buffer)).toBe(0)
      await expectOneLedger()
    },
    LONG_MS,
  )

  it(
    'refuse a need that nobody could pay',
    async () => {
      const posted = await network.post('test/quick', { budget: '20000000000' as never })
      expect(posted).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_FUNDS' } })
      await expectOneLedger()
    },
    LONG_MS,
  )

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
      expect(network.replay(directory, record)).toBe(0)
      await expectOneLedger()
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
      await expectOneLedger()
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
      await expectOneLedger()
    },
    LONG_MS,
  )

  it(
    'hand over and end well when they are told to stop',
    async () => {
      const last = network.node(4)
      const pid = network.cluster.pidOf(last)
      expect(pid).toBeTypeOf('number')
      await network.cluster.kill(last, 'SIGTERM')
      const posted = await wanted(network.post('test/quick'))
      expect((await network.until(posted.need, isOver)).state).toBe('SETTLED')
    },
    LONG_MS,
  )
})

/** Slots go on, so nodes are asked again until they say the same. */
async function expectOneLedger(): Promise<void> {
  await network.cluster.until(network.node(0), async () => {
    const views = await Promise.all(network.cluster.nodes.map((node) => network.ledger(node)))
    return new Set(views).size === 1
  })
  const supply = (await network.ledger(network.node(0))).split(' ')
  expect(supply).toHaveLength(5)
}
