import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENT } from '../../src/node/demo/demo.ts'
import { isOver, MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
const CREDIT = 1_000_000n
const TASK = 'test/task'
const [BUDGET, BOUNTY] = [2n * CREDIT, CREDIT]
/** What a seat locks in bootstrap mode: twice both. */
const SEAT_LOCK = 2n * (BUDGET + BOUNTY)
/** In which the honest verifier joins, after the liar has its seat. */
const LYING_MS = 5_000
/** The next worker has its turn at once: it delivers when the liar is known as one, and has no seat any more. */
const NEXT_MS = 15_000
const [WORKER, NEXT, LIAR, HONEST] = [1, 2, 3, 4]

let network: MeshNetwork

beforeAll(async () => {
  const right = { capability: TASK, way: printing('right') }
  network = await MeshNetwork.start({
    verifiers: [LIAR],
    capabilities: [TASK],
    parameters: { ...PATIENT, challengeWindowMs: 1_000 },
    attached: [
      { ...right, place: WORKER, price: String(CREDIT), does: ['works', 'challenges'] },
      { ...right, place: NEXT, way: printing('right', NEXT_MS), price: String(BUDGET), does: ['works'] },
      { place: LIAR, capability: TASK, way: printing('wrong', LYING_MS), does: ['judges'] },
    ],
  })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

describe('a worker whose right result was rejected', () => {
  it(
    'challenges that: it keeps its bond, and the verifier that lied pays; the next worker delivers',
    async () => {
      const before = await Promise.all([WORKER, LIAR].map((place) => network.totalOf(place)))
      const amounts = { budget: String(BUDGET) as never, verify_bounty: String(BOUNTY) as never }
      const posted = await wanted(network.post(TASK, amounts))
      await network.until(posted.need, ({ bucket }) => bucket !== null)
      await network.attach({ place: HONEST, capability: TASK, way: printing('right'), does: ['judges'] })
      const challenged = await network.until(
        posted.need,
        ({ challenge_list: [challenge] }) => challenge?.state === 'closed',
      )
      expect(challenged.challenge_list[0]?.challenger).toBe(network.node(WORKER).did)
      const votes = challenged.committees.find(({ role }) => role === 'challenge')?.votes
      expect(votes).toMatchObject([{ seat: network.node(HONEST).did, choice: 'upheld' }])
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.attempt, over.worker]).toEqual(['SETTLED', 1, network.node(NEXT).did])
      await network.untilOneLedger()
      const [gained, lost] = await Promise.all(
        [WORKER, LIAR].map(async (place, at) => (await network.totalOf(place)) - (before[at] ?? 0n)),
      )
      expect(gained).toBeGreaterThan(0n)
      expect(lost).toBeLessThan(-SEAT_LOCK)
      expect(network.replay(await network.exported(posted.thread, network.node(0)))).toBe(0)
    },
    LONG_MS,
  )
})
