import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attach, untilJoined } from '../../src/node/demo/acts.ts'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { joinNetwork } from '../setup/joined-node.ts'
import { isOver, MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
/** Bids are waited for a little; whatever else is waited for until its window is over comes too late for this test. */
const LONG_WINDOW_MS = 600_000
const PARAMETERS = {
  bidWindowMs: 5_000,
  planRevealWindowMs: LONG_WINDOW_MS,
  planAttestWindowMs: LONG_WINDOW_MS,
  claimWindowMs: LONG_WINDOW_MS,
  heartbeatIntervalMs: LONG_WINDOW_MS,
  leaseTtlMs: LONG_WINDOW_MS,
  attestWindowMs: LONG_WINDOW_MS,
  revealWindowMs: LONG_WINDOW_MS,
}
const CREDITS = '1000000000'
const PRICE = '200000'

let network: MeshNetwork
let far: ClusterNode

beforeAll(async () => {
  network = await MeshNetwork.start({ parameters: PARAMETERS })
  // Of the five voters it knows two, and never finds the others: what they lead comes by way of those, and what it says goes there so.
  far = await joinNetwork(network, 'far', [network.node(0), network.node(1)])
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

const totalSeenBy = async ({ api }: ClusterNode, did: string): Promise<string> =>
  (await wanted(api.call('balance', { did: did as never }))).total

async function expectOneRecord(thread: string): Promise<void> {
  const own = await network.exported(thread, far)
  for (const node of network.cluster.nodes)
    expect(own.equals(await network.exported(thread, node))).toBe(true)
  expect(network.replay(own)).toBe(0)
}

/** The thread of a need that the far node wins: its bid is the cheapest, and comes to whoever leads the need's bucket. */
async function won(): Promise<string> {
  const posted = await wanted(network.post('test/quick'))
  const over = await network.until(posted.need, isOver)
  expect([over.state, over.worker]).toEqual(['SETTLED', far.did])
  return posted.thread
}

describe('a node that is no voter', () => {
  it(
    'sees what the voters decide, asks for work itself, and writes the same record',
    async () => {
      const { api } = network.node(0)
      await wanted(api.call('transfer', { to: far.did, amount: CREDITS as never }))
      await network.cluster.until(far, async () => (await totalSeenBy(far, far.did)) === CREDITS)
      const posted = await wanted(network.post('test/quick', {}, far))
      const over = await network.until(posted.need, isOver, far)
      expect([over.state, over.outcome]).toEqual(['SETTLED', 'settled'])
      expect(new TextDecoder().decode(await wanted(far.api.needArtifact(posted.need)))).toBe('quick')
      await expectOneRecord(posted.thread)
    },
    LONG_MS,
  )

  it(
    'does the work of others, and is paid for it',
    async () => {
      const before = BigInt(await totalSeenBy(network.node(0), far.did))
      // The cheapest of three workers of the same thing.
      const part = {
        capability: 'test/quick',
        way: printing('quick'),
        price: PRICE,
        does: ['works'] as const,
      }
      await attach(far, part, 'afar')
      await untilJoined(network.cluster, [far])
      const thread = await won()
      expect(BigInt(await totalSeenBy(network.node(0), far.did))).toBe(before + BigInt(PRICE))
      await expectOneRecord(thread)
    },
    LONG_MS,
  )

  it(
    'goes on from its own disk when it was killed, and has what it missed',
    async () => {
      await network.cluster.kill(far, 'SIGKILL')
      const missed = await wanted(network.post('test/quick'))
      expect((await network.until(missed.need, isOver)).state).toBe('SETTLED')
      network.cluster.run(far)
      await expectOneRecord(missed.thread)
      await expectOneRecord(await won())
      await network.cluster.until(far, async () => {
        const dids = [far.did, ...network.cluster.nodes.map(({ did }) => did)]
        const sums = await Promise.all(
          dids.map(async (did) => [await totalSeenBy(far, did), await totalSeenBy(network.node(2), did)]),
        )
        return sums.every(([own, theirs]) => own === theirs)
      })
    },
    LONG_MS,
  )
})
