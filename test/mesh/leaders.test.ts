import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { decidersIn } from '../setup/decides.ts'
import { isOver, MeshNetwork, type Need, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 290_000
/** Who leads the bucket of a need is drawn: needs are posted until it is one who can be spared, and the instant is hit. */
const TRIES_MAX = 40

let network: MeshNetwork

beforeAll(async () => {
  // Elections wait for longer than a leader that is stopped is left alone.
  network = await MeshNetwork.start({ settings: ['[raft]', 'tick_ms = 400'] })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

const post = async (capability: string) => await wanted(network.post(capability))
type Posted = Awaited<ReturnType<typeof post>>

/** Whoever sees what becomes of a need while that node is stopped or dead. */
function beside(leader: ClusterNode): ClusterNode {
  return network.node(leader === network.node(0) ? 1 : 0)
}

/** Posts needs until one could be used: that one, and who died over it. The others go their way. */
async function tried(capability: string, use: (posted: Posted) => Promise<ClusterNode | undefined>) {
  for (let left = TRIES_MAX; left > 0; left--) {
    const posted = await post(capability)
    const dead = await use(posted)
    if (dead !== undefined) return { posted, dead }
    await network.until(posted.need, isOver)
  }
  throw new Error('no need could be used')
}

/** The leader of the need's bucket once that is drawn, unless it leads the hub too, or is one of those. */
async function leaderOf(need: string, busy: (seen: Need) => readonly string[]) {
  const seen = await network.until(need, ({ leader }) => leader !== null)
  const { hub } = await wanted(network.node(0).api.call('status', {}))
  const leader = network.byDid(seen.leader ?? '')
  return [hub.leader, ...busy(seen)].includes(leader.did) ? undefined : leader
}

function planCommittee({ committees }: Need) {
  return committees.find(({ role }) => role === 'plan')
}

/** True once a node has heard the quorum on the plan while nothing is decided; false when something was. */
async function seesQuorum(node: ClusterNode, { need, thread }: Posted): Promise<boolean> {
  let isDecided = false
  await network.cluster.until(node, async () => {
    const detail = await wanted(node.api.call('needShow', { need }))
    const { envelopes } = await wanted(node.api.call('threadShow', { thread, limit: 100 }))
    isDecided = detail.state !== 'RANKED'
    const verdicts = envelopes.filter(({ kind }) => kind === 'ATTEST_PLAN')
    return isDecided || verdicts.length >= (planCommittee(detail)?.quorum ?? Number.POSITIVE_INFINITY)
  })
  return !isDecided
}

/** Every node writes the same record of the thread, which replays and has one DECIDE; all have the same ledger. */
async function expectOneRecord({ thread }: Posted): Promise<string> {
  const record = await network.exported(thread, network.node(0))
  for (const node of network.cluster.nodes)
    expect((await network.exported(thread, node)).equals(record)).toBe(true)
  expect(network.replay(record)).toBe(0)
  expect(await network.untilOneLedger()).toHaveLength(5)
  const deciders = decidersIn(record)
  expect(deciders).toHaveLength(1)
  return deciders[0] as string
}

describe('five nodes, of which the one that leads the bucket of a need is killed', () => {
  it(
    'decide once when it dies with the quorum on the plan, before it decides',
    async () => {
      const { posted, dead } = await tried('test/quick', async (one) => {
        const leader = await leaderOf(one.need, (seen) => [
          network.node(1).did,
          ...(planCommittee(seen)?.seats ?? []),
        ])
        if (leader === undefined) return undefined
        const observer = beside(leader)
        const ranked = await network.until(one.need, ({ state }) => state !== 'OPEN', observer)
        if (ranked.state !== 'RANKED') return undefined
        const pid = network.cluster.pidOf(leader) as number
        process.kill(pid, 'SIGSTOP')
        if (await seesQuorum(observer, one)) {
          await network.cluster.kill(leader, 'SIGKILL')
          return leader
        }
        process.kill(pid, 'SIGCONT')
        return undefined
      })
      const over = await network.until(posted.need, isOver, beside(dead))
      expect([over.state, over.attempt]).toEqual(['SETTLED', 0])
      network.cluster.run(dead)
      await network.cluster.ready()
      expect(await expectOneRecord(posted)).not.toBe(dead.did)
    },
    LONG_MS,
  )

  it(
    'keep the one DECIDE when it dies before the result is there',
    async () => {
      const { posted, dead } = await tried('test/slow', async ({ need }) => {
        const leader = await leaderOf(need, () => [network.node(1).did])
        if (leader === undefined) return undefined
        await network.until(need, ({ state }) => state !== 'OPEN' && state !== 'RANKED', beside(leader))
        await network.cluster.kill(leader, 'SIGKILL')
        return leader
      })
      const observer = beside(dead)
      const decided = await network.until(posted.need, ({ decision }) => decision !== null, observer)
      expect(decided.state).toBe('CLAIMED')
      const over = await network.until(posted.need, isOver, observer)
      expect([over.state, over.attempt]).toEqual(['SETTLED', 0])
      expect(over.decision).toEqual(decided.decision)
      network.cluster.run(dead)
      await network.cluster.ready()
      await expectOneRecord(posted)
    },
    LONG_MS,
  )

  it(
    'are caught up with by one that was down for the whole thread, which writes the same record',
    async () => {
      const absent = network.node(2)
      await network.cluster.kill(absent, 'SIGKILL')
      const posted = await post('test/quick')
      await network.until(posted.need, isOver)
      network.cluster.run(absent)
      await network.cluster.ready()
      const record = await network.exported(posted.thread, absent)
      expect(record.equals(await network.exported(posted.thread, network.node(0)))).toBe(true)
      await expectOneRecord(posted)
    },
    LONG_MS,
  )
})
