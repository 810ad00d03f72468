import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { decidersIn } from '../setup/decides.ts'
import { isOver, MeshNetwork, type Need, printing, wanted } from '../setup/mesh-cluster.ts'

/** More than the deadlines of all that is waited for: those say what did not come. */
const LONG_MS = 900_000
/** Who leads the bucket of a need is drawn: needs are posted until it is one who can be spared. */
const TRIES_MAX = 40

/** What only the test judges: nothing is decided before it wants. */
const JUDGED = 'test/judged'

let network: MeshNetwork

beforeAll(async () => {
  // Elections wait for longer than a leader that is stopped is left alone.
  network = await MeshNetwork.start({
    settings: ['[raft]', 'tick_ms = 400'],
    capabilities: ['test/quick', 'test/slow', JUDGED],
  })
  await network.attach(
    ...[1, 2].map((place) => ({
      place,
      capability: JUDGED,
      way: printing('judged'),
      price: String(300_000 + 100_000 * place),
      does: ['works' as const],
    })),
    ...[3, 4].map((place) => ({
      place,
      capability: JUDGED,
      way: { kind: 'hand' as const },
      does: ['judges' as const],
    })),
  )
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

/** Posts needs until one could be used: that one, and who died over it. The others are taken back, if they still can be. */
async function tried(capability: string, use: (posted: Posted) => Promise<ClusterNode | undefined>) {
  for (let left = TRIES_MAX; left > 0; left--) {
    const posted = await post(capability)
    const dead = await use(posted)
    if (dead !== undefined) return { posted, dead }
    await network.node(0).api.call('cancel', { need: posted.need })
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

/** The seats of what is judged now have accepted it, each by hand, as soon as they may. */
async function accept(need: Posted['need'], role: 'plan' | 'result', seenBy: ClusterNode) {
  const isSeated = ({ committees }: Need) => committees.some((one) => one.role === role)
  const { committees } = await network.until(need, isSeated, seenBy)
  for (const seat of committees.findLast((one) => one.role === role)?.seats ?? []) {
    const judge = network.byDid(seat)
    await network.cluster.until(
      judge,
      async () => (await judge.api.call('attest', { need, verdict: 'accept' })).ok,
    )
  }
}

async function acceptResult(need: Posted['need'], seenBy: ClusterNode): Promise<void> {
  await network.until(need, ({ state }) => state === 'COMMITTED', seenBy)
  await accept(need, 'result', seenBy)
}

/** Another one took over before anything could be seen. */
async function missed(need: Posted['need'], leader: ClusterNode): Promise<undefined> {
  process.kill(network.cluster.pidOf(leader) as number, 'SIGCONT')
  await acceptResult(need, beside(leader))
}

/** A node has heard the verdict on a plan. */
async function hears(node: ClusterNode, thread: Posted['thread']): Promise<void> {
  await network.cluster.until(node, async () => {
    const { envelopes } = await wanted(node.api.call('threadShow', { thread, limit: 100 }))
    return envelopes.some(({ kind }) => kind === 'ATTEST_PLAN')
  })
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
      const { posted, dead } = await tried(JUDGED, async ({ need, thread }) => {
        const leader = await leaderOf(need, () => [network.node(1).did])
        if (leader === undefined) return undefined
        const observer = beside(leader)
        // Seats may judge the plan of whom the hub has reserved the bond of.
        const isReserved = ({ ranking }: Need) => ranking[0]?.reserved === true
        const { committees } = await network.until(need, isReserved, observer)
        if (committees.some(({ seats }) => seats.includes(leader.did))) {
          await accept(need, 'plan', observer)
          await acceptResult(need, observer)
          return undefined
        }
        process.kill(network.cluster.pidOf(leader) as number, 'SIGSTOP')
        await accept(need, 'plan', observer)
        await hears(observer, thread)
        const heard = await network.until(need, () => true, observer)
        if (heard.state !== 'RANKED') return await missed(need, leader)
        await network.cluster.kill(leader, 'SIGKILL')
        return leader
      })
      const observer = beside(dead)
      await acceptResult(posted.need, observer)
      const over = await network.until(posted.need, isOver, observer)
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
        const isDecided = ({ state }: Need) => state !== 'OPEN' && state !== 'RANKED'
        const { state } = await network.until(need, isDecided, beside(leader))
        if (state !== 'CLAIMED') return undefined
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
