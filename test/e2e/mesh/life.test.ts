import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOver, MeshNetwork, wanted } from '../../setup/mesh-cluster.ts'

const LONG_MS = 240_000

let network: MeshNetwork

beforeAll(async () => {
  network = await MeshNetwork.start()
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

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
      expect(network.replay(records[0] as Buffer)).toBe(0)
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )

  it(
    'refuse a need that nobody could pay',
    async () => {
      const posted = await network.post('test/quick', { budget: '20000000000' as never })
      expect(posted).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_FUNDS' } })
      expect(await network.untilOneLedger()).toHaveLength(5)
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
