import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENT } from '../../src/node/demo/demo.ts'
import { moduleCapability, moduleWay } from '../../src/node/demo/text-task.ts'
import { isOver, MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 240_000
const CREDIT = 1_000_000n
const HONESTY = 'test/honesty'
const PATIENCE = 'test/patience'
/** So long that a challenge can be taken back before anybody has judged it. */
const JUDGING_MS = 8_000
const [BUDGET, BOUNTY] = [2n * CREDIT, CREDIT]
const WORKER_BOND = 10n * CREDIT
const CHALLENGE_BOND = 100n * CREDIT
const PRICE = CREDIT

let network: MeshNetwork

/** One that asks, two that work, two that judge: in bootstrap mode one seat decides. */
beforeAll(async () => {
  const stats = moduleCapability()
  network = await MeshNetwork.start({
    capabilities: [HONESTY, PATIENCE, stats],
    // Long enough for a person to call the program.
    parameters: { ...PATIENT, revealWindowMs: 3_000, challengeWindowMs: 4_000 },
    attached: [
      {
        place: 1,
        capability: HONESTY,
        way: printing('a lie'),
        price: String(PRICE / 2n),
        does: ['works'],
      },
      { place: 2, capability: HONESTY, way: printing('the truth'), price: String(PRICE), does: ['works'] },
      { place: 3, capability: HONESTY, way: printing('the truth'), does: ['judges'] },
      { place: 4, capability: HONESTY, way: printing('the truth'), does: ['judges'] },
      { place: 2, capability: PATIENCE, way: printing('done'), price: String(PRICE), does: ['works'] },
      { place: 3, capability: PATIENCE, way: printing('done', JUDGING_MS), does: ['judges'] },
      { place: 4, capability: PATIENCE, way: printing('done', JUDGING_MS), does: ['judges'] },
    ],
  })
  for (const place of [0, 2, 3, 4]) {
    const way = await moduleWay(network.node(place))
    if (place === 0) continue
    const does = [place === 2 ? ('works' as const) : ('judges' as const)]
    await network.attach({ place, capability: stats, way, price: String(PRICE), does })
  }
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

const amounts = { budget: String(BUDGET) as never, verify_bounty: String(BOUNTY) as never }
const totals = async () => await Promise.all([0, 1, 2, 3, 4].map((place) => network.totalOf(place)))

describe('what is delivered', () => {
  it(
    'and is not right is rejected: the worker loses its bond, and the next one delivers',
    async () => {
      const before = await totals()
      const posted = await wanted(network.post(HONESTY, amounts))
      const final = await network.until(posted.need, ({ final: isFinal }) => isFinal)
      expect([final.attempt, final.worker]).toEqual([1, network.node(2).did])
      const votes = final.committees.flatMap(({ role, attempt, votes: all }) =>
        role === 'result' ? all.map(({ choice }) => [attempt, choice]) : [],
      )
      expect(votes).toEqual([
        [0, 'reject'],
        [1, 'accept'],
      ])
      expect((await network.until(posted.need, isOver)).state).toBe('SETTLED')
      const artifact = await wanted(network.node(0).api.needArtifact(posted.need))
      expect(new TextDecoder().decode(artifact)).toBe('the truth')
      await network.untilOneLedger()
      const after = await totals()
      expect((after[1] ?? 0n) - (before[1] ?? 0n)).toBe(-WORKER_BOND)
      expect((after[2] ?? 0n) - (before[2] ?? 0n)).toBe(PRICE)
      expect(network.replay(await network.exported(posted.thread, network.node(0)))).toBe(0)
    },
    LONG_MS,
  )

  it(
    'and is right stands, whoever challenges it: that bond is lost, and pays who looked again',
    async () => {
      const before = await totals()
      const posted = await wanted(
        network.post(moduleCapability(), { ...amounts, isolation: 'sandbox', input: { text: 'one two' } }),
      )
      const final = await network.until(posted.need, ({ final: isFinal }) => isFinal)
      const said = network.command(
        network.node(0),
        'challenge',
        posted.need,
        '--proof',
        'OUTPUT_MISMATCH',
        '--json',
      )
      expect(JSON.parse(said)).toMatchObject({ bond: String(CHALLENGE_BOND) })
      const judged = await network.until(
        posted.need,
        ({ challenge_list: [challenge] }) => challenge?.state === 'closed',
      )
      expect(judged.challenge_list[0]?.challenger).toBe(network.node(0).did)
      const seats = judged.committees.filter(({ role }) => role !== 'plan')
      const [first, again] = ['result', 'challenge'].map((role) => seats.find((one) => one.role === role))
      expect(first?.votes).toMatchObject([{ choice: 'accept' }])
      expect(again?.votes).toMatchObject([{ choice: 'rejected' }])
      expect(again?.seats).not.toEqual(first?.seats)
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.attempt, over.artifact]).toEqual(['SETTLED', 0, final.artifact])
      await network.untilOneLedger()
      const after = await totals()
      expect((before[0] ?? 0n) - (after[0] ?? 0n)).toBe(CHALLENGE_BOND + PRICE + BOUNTY)
      const record = await network.exported(posted.thread, network.node(4))
      expect(network.replay(record, 'all')).toBe(0)
    },
    LONG_MS,
  )

  it(
    'stands, where whoever challenged it takes that back before anybody has judged it: a tenth of the bond is lost',
    async () => {
      const before = await totals()
      const posted = await wanted(network.post(PATIENCE, amounts))
      await network.until(posted.need, ({ final: isFinal }) => isFinal)
      const requester = network.node(0)
      const said = network.command(
        requester,
        'challenge',
        posted.need,
        '--proof',
        'OUTPUT_MISMATCH',
        '--json',
      )
      const { challenge } = JSON.parse(said) as { readonly challenge: string }
      await network.until(posted.need, ({ challenge_list: [one] }) => one?.state === 'revealed')
      network.command(requester, 'challenge', 'withdraw', posted.need, challenge)
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.attempt]).toEqual(['SETTLED', 0])
      await network.untilOneLedger()
      const after = await totals()
      expect((before[0] ?? 0n) - (after[0] ?? 0n)).toBe(CHALLENGE_BOND / 10n + PRICE + BOUNTY)
      expect(network.replay(await network.exported(posted.thread, requester))).toBe(0)
    },
    LONG_MS,
  )
})
