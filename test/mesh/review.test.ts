import { rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENT } from '../../src/node/demo/demo.ts'
import type { OutputOf } from '../../src/sdk/client.ts'
import { isOver, MeshNetwork, type Need, printing, script, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
const CREDIT = 1_000_000n
const CAPABILITY = 'test/taste'
const [BUDGET, BOUNTY, PRICE] = [2n * CREDIT, CREDIT, CREDIT]
const WORKER_BOND = 10n * CREDIT
/** Of a challenge by OUTPUT_MISMATCH. */
const CHALLENGE_BOND = 100n * CREDIT
const NODES = 6
const JUDGES = [3, 4, 5]
/** Four of six keys, and five of them. */
const [ENOUGH, ENOUGH_AT_ONCE] = [4, 5]

let network: MeshNetwork
let doubt: string

/** Judges at once; while there is doubt it thinks for longer than the test takes, so that a person is quicker. */
function judging(file: string) {
  return script(`const { existsSync } = require('node:fs')
setTimeout(() => process.stdout.write('done'), existsSync('${file}') ? ${LONG_MS} : 0)`)
}

/** One that asks, two that work, three that judge. */
beforeAll(async () => {
  network = await MeshNetwork.start({
    nodes: NODES,
    verifiers: JUDGES,
    capabilities: [CAPABILITY],
    parameters: { ...PATIENT, challengeWindowMs: 8_000, voteTimeLockMs: 20_000 },
    attached: [1, 2].map((place) => ({
      place,
      capability: CAPABILITY,
      way: printing('done'),
      price: String((PRICE * BigInt(place)) / 2n),
      does: ['works'],
    })),
  })
  doubt = `${network.directory}/doubt`
  for (const place of JUDGES)
    await network.attach({ place, capability: CAPABILITY, way: judging(doubt), does: ['judges'] })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

/** A result that was accepted and challenged, and about which no committee can say anything. */
async function disputed(): Promise<{ posted: OutputOf<'need'>; challenge: string }> {
  rmSync(doubt, { force: true })
  const amounts = { budget: String(BUDGET) as never, verify_bounty: String(BOUNTY) as never }
  const posted = await wanted(network.post(CAPABILITY, amounts))
  await network.until(posted.need, ({ final }) => final)
  writeFileSync(doubt, '')
  const wish = ['challenge', posted.need, '--proof', 'OUTPUT_MISMATCH', '--json']
  const said = JSON.parse(network.command(network.node(0), ...wish)) as { readonly challenge: string }
  await network.cluster.until(network.node(0), async () => {
    await sayUndecided(posted.need)
    return (await stateOf(posted.need)) === 'review'
  })
  return { posted, challenge: said.challenge }
}

async function stateOf(need: string): Promise<string | undefined> {
  const detail = await wanted(network.node(0).api.call('needShow', { need: need as never }))
  return detail.challenge_list[0]?.state
}

/** Every seat that is asked, by hand: what "challenge review" lists is what there is to do. */
async function sayUndecided(need: string): Promise<void> {
  for (const place of JUDGES) {
    const { api } = network.node(place)
    const { challenges } = await wanted(api.call('challengeReview', {}))
    for (const { challenge, wanted_of: accounts } of challenges.filter((one) => one.need === need))
      if (accounts.length > 0)
        network.command(network.node(place), 'challenge', 'verdict', need, challenge, 'undecided')
  }
}

async function sign(place: number, need: string, challenge: string, outcome: 'upheld' | 'rejected') {
  return await network.node(place).api.call('governReview', { need, challenge, outcome } as never)
}

const totals = async () => await Promise.all([0, 1, 2].map((place) => network.totalOf(place)))
const gainsFrom = async (before: readonly bigint[]) => {
  await network.untilOneLedger()
  return (await totals()).map((total, at) => total - (before[at] ?? 0n))
}
const isNext = ({ attempt, state }: Need) => attempt === 1 && state !== 'DECIDED'

describe('a challenge that no committee can decide', () => {
  it(
    'is upheld by the keys that govern, at once where enough of them sign: the next worker does it again',
    async () => {
      const before = await totals()
      const { posted, challenge } = await disputed()
      const listed = network.command(network.node(3), 'challenge', 'review')
      expect(listed).toContain('review')
      rmSync(doubt)
      const told = network.command(
        network.node(0),
        'gov',
        'review',
        posted.need,
        challenge,
        'upheld',
        '--json',
      )
      expect(JSON.parse(told)).toMatchObject({ nonce: 1, needed: ENOUGH, needed_at_once: ENOUGH_AT_ONCE })
      await network.cluster.until(network.node(1), async () => {
        const { signing } = await wanted(network.node(1).api.call('governance', {}))
        return signing.length === 1
      })
      const rest = Array.from({ length: ENOUGH_AT_ONCE - 1 }, (_, at) => at + 1)
      for (const place of rest.slice(0, 2)) await wanted(sign(place, posted.need, challenge, 'upheld'))
      // Who signed has signed, whatever becomes of the nodes.
      const { cluster } = network
      await Promise.all(cluster.nodes.map((node) => cluster.kill(node, 'SIGKILL')))
      for (const node of cluster.nodes) cluster.run(node)
      await cluster.ready()
      for (const place of rest.slice(2)) await wanted(sign(place, posted.need, challenge, 'upheld'))
      await network.until(posted.need, isNext)
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.attempt, over.worker]).toEqual(['SETTLED', 1, network.node(2).did])
      const [requester = 0n, liar, worker] = await gainsFrom(before)
      expect(requester).toBeGreaterThan(-PRICE - BOUNTY)
      expect([liar, worker]).toEqual([-WORKER_BOND, PRICE])
      expect(network.replay(await network.exported(posted.thread, network.node(5)))).toBe(0)
    },
    LONG_MS,
  )

  it(
    'is rejected by fewer of them after the time-lock: the result stands, and its bond is lost',
    async () => {
      const before = await totals()
      const { posted, challenge } = await disputed()
      for (let place = 0; place < ENOUGH; place++)
        await wanted(sign(place, posted.need, challenge, 'rejected'))
      await network.cluster.until(network.node(5), async () => {
        const { waiting } = await wanted(network.node(5).api.call('governance', {}))
        return waiting.some(({ act }) => act['outcome'] === 'rejected')
      })
      expect(network.command(network.node(5), 'gov', 'ls')).toContain('in force from')
      expect(await stateOf(posted.need)).toBe('review')
      const over = await network.until(posted.need, isOver)
      expect([over.state, over.attempt, over.worker]).toEqual(['SETTLED', 0, network.node(1).did])
      const [requester] = await gainsFrom(before)
      expect(requester).toBe(-CHALLENGE_BOND - PRICE / 2n - BOUNTY)
      expect(network.replay(await network.exported(posted.thread, network.node(4)))).toBe(0)
    },
    LONG_MS,
  )
})
