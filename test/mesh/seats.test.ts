import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Part } from '../../src/node/demo/acts.ts'
import { PATIENT } from '../../src/node/demo/demo.ts'
import { homePaths } from '../../src/node/home.ts'
import { isOver, MeshNetwork, type Need, printing, script, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
const CREDIT = 1_000_000n
const [BUDGET, BOUNTY] = [2n * CREDIT, 4n * CREDIT]
/** What a seat locks: twice both, where half of a slash burns and the plan's quorum is one. */
const SEAT_LOCK = 2n * (BUDGET + BOUNTY)
const FEE = BOUNTY / 4n
const COPIER = fileURLToPath(new URL('../setup/copying-verifier.ts', import.meta.url))

const WORKER = 1
/** Its stake is in the genesis, so that it weighs thirty times as much as one of the others, and nearly always sits. */
const ODD = 2
const EVEN = [3, 4, 5]

/** What the odd verifier does where the others do the work again, in so many milliseconds. */
const TASKS = ['test/open', 'test/secret', 'test/silent', 'test/torn'] as const
const SLOW_MS = 1_500

let network: MeshNetwork

/** Four verifiers out of bootstrap mode: two seats must agree. */
beforeAll(async () => {
  network = await MeshNetwork.start({
    nodes: 6,
    verifiers: [ODD],
    capabilities: TASKS,
    parameters: { ...PATIENT, bootstrapVerifiers: 1, challengeWindowMs: 1_000, attestWindowMs: 5_000 },
    attached: [],
  })
  const { home } = network.node(ODD)
  const copying: Part['way'] = {
    kind: 'exec',
    command: [process.execPath, COPIER, homePaths(home).socket],
    unsafe: true,
  }
  const odd = {
    'test/open': copying,
    'test/secret': copying,
    'test/silent': script('setInterval(() => {}, 1_000)'),
    'test/torn': printing('done'),
  }
  for (const capability of TASKS) {
    const ms = capability === 'test/torn' ? SLOW_MS : 0
    await network.attach(
      { place: WORKER, capability, way: printing('done'), price: String(CREDIT), does: ['works'] },
      { place: ODD, capability, way: odd[capability], does: ['judges'] },
      ...EVEN.map((place) => ({ place, capability, way: printing('done', ms), does: ['judges'] as const })),
    )
  }
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

const result = ({ committees }: Need) => committees.find(({ role }) => role === 'result')
const hasOddSeat = (need: Need): boolean => result(need)?.seats.includes(network.node(ODD).did) === true

/** Asks until the odd verifier has a seat for the result; what was drawn otherwise is settled meanwhile. */
async function postToOdd(capability: string, task_class: 'simple' | 'complex') {
  for (;;) {
    const amounts = { budget: String(BUDGET) as never, verify_bounty: String(BOUNTY) as never }
    const before = await stakeOfOdd()
    const posted = await wanted(network.post(capability, { ...amounts, task_class }))
    const seated = await network.until(posted.need, (need) => (result(need)?.seats.length ?? 0) > 0)
    if (hasOddSeat(seated)) return { ...posted, before }
    await network.until(posted.need, isOver)
  }
}

/** Stake and free credits. */
async function stakeOfOdd() {
  const { api } = network.node(ODD)
  const { staked, free } = await wanted(api.call('balance', {}))
  return { staked: BigInt(staked), free: BigInt(free) }
}

/** How it stood when its result was accepted; then it is settled, its record replays, and all nodes agree on the ledger. */
async function settled({ need, thread }: { readonly need: string; readonly thread: string }): Promise<Need> {
  const final = await network.until(need, ({ final: isFinal }) => isFinal)
  const over = await network.until(need, isOver)
  expect([over.state, over.attempt]).toEqual(['SETTLED', 0])
  await network.untilOneLedger()
  expect(network.replay(await network.exported(thread, network.node(0)))).toBe(0)
  return final
}

/** A node has heard the commitment of the odd verifier. */
async function untilCommitted(place: number, thread: string): Promise<void> {
  const node = network.node(place)
  await network.cluster.until(node, async () => {
    const { envelopes } = await wanted(node.api.call('threadShow', { thread: thread as never }))
    return envelopes.some(({ kind, sender }) => kind === 'ATTEST_COMMIT' && sender === network.node(ODD).did)
  })
}

describe('a verifier that copies the verdict of another', () => {
  it(
    'is paid for it where verdicts are open',
    async () => {
      const posted = await postToOdd('test/open', 'simple')
      const final = await settled(posted)
      expect(result(final)?.votes.map(({ choice }) => choice)).toEqual(['accept', 'accept'])
      expect(result(final)?.silent).toEqual([])
      expect((await stakeOfOdd()).free - posted.before.free).toBeGreaterThanOrEqual(FEE)
    },
    LONG_MS,
  )

  it(
    'finds nothing to copy where they are committed to first: it is silent, pays for that, and another has its seat',
    async () => {
      const posted = await postToOdd('test/secret', 'complex')
      const final = await settled(posted)
      const { did } = network.node(ODD)
      expect(result(final)?.silent).toEqual([did])
      expect(result(final)?.waves).toBe(1)
      const votes = result(final)?.votes ?? []
      expect(votes.map(({ choice }) => choice)).toEqual(['accept', 'accept'])
      expect(votes.map(({ seat }) => seat)).not.toContain(did)
      const after = await stakeOfOdd()
      expect(after.staked).toBe(posted.before.staked - posted.before.staked / 100n)
    },
    LONG_MS,
  )
})

describe('a verifier that says nothing', () => {
  it(
    'loses a hundredth of its stake, and another has its seat',
    async () => {
      const posted = await postToOdd('test/silent', 'simple')
      const final = await settled(posted)
      expect(result(final)?.silent).toEqual([network.node(ODD).did])
      expect(result(final)?.votes.map(({ choice }) => choice)).toEqual(['accept', 'accept'])
      const after = await stakeOfOdd()
      expect(after.staked).toBe(posted.before.staked - posted.before.staked / 100n)
    },
    LONG_MS,
  )

  it(
    'after it has committed itself loses as for a wrong verdict, and says nothing else when it comes back',
    async () => {
      const odd = network.node(ODD)
      const posted = await postToOdd('test/torn', 'complex')
      for (const place of [0, WORKER, ...EVEN]) await untilCommitted(place, posted.thread)
      await network.cluster.kill(odd, 'SIGKILL')
      const final = await network.until(posted.need, ({ final: isFinal }) => isFinal)
      network.cluster.run(odd)
      await network.cluster.ready()
      await settled(posted)
      expect(result(final)?.silent).toEqual([odd.did])
      const { staked } = await stakeOfOdd()
      const left = posted.before.staked - SEAT_LOCK - posted.before.staked / 2n
      // A voter that is away loses a hundredth now and then besides, for turns in which it shows no link of its chain.
      expect(staked).toBeLessThanOrEqual(left)
      expect(staked).toBeGreaterThan((left * 8n) / 10n)
    },
    LONG_MS,
  )
})
