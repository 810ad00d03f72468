import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { LostNodeError, NoNodeError } from '../../src/sdk/http.ts'
import { Chance } from '../../src/sim/raft/chance.ts'
import { isOver, MeshNetwork, type Need } from '../setup/mesh-cluster.ts'

/** Minutes of trouble; a soak takes more. */
const MINUTES = Number(process.env['CANSWARM_CHAOS_MINUTES'] ?? '1')
const SEED = Number(process.env['CANSWARM_CHAOS_SEED'] ?? '1')
const LANES = 4
const LONG_MS = MINUTES * 60_000 + 600_000
/** A need that is over in one of these ended by a rule, whatever became of it. */
const ENDS = new Set(['SETTLED', 'EXPIRED', 'SPLIT'])
/** With both verifiers out at once a need waits until one of these. */
const SOON = { needDeadlineMs: 60_000, splitAfterMs: 60_000 }
/** Whoever is out is not waited for. */
const HASTY = {
  planRevealWindowMs: 1_000,
  planAttestWindowMs: 1_000,
  claimWindowMs: 5_000,
  revealWindowMs: 1_000,
  attestWindowMs: 5_000,
}

type Trouble = (network: MeshNetwork, victim: ClusterNode, ms: number) => Promise<void>

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))

const killed: Trouble = async ({ cluster }, victim, ms) => {
  await cluster.kill(victim, 'SIGKILL')
  await pause(ms)
  cluster.run(victim)
}

const restarted: Trouble = async ({ cluster }, victim) => {
  await cluster.kill(victim, 'SIGTERM')
  cluster.run(victim)
}

/** As a laptop that is closed: its clock goes on, and so do its deadlines. */
const frozen: Trouble = async ({ cluster }, victim, ms) => {
  const pid = cluster.pidOf(victim) ?? 0
  process.kill(pid, 'SIGSTOP')
  await pause(ms)
  process.kill(pid, 'SIGCONT')
}

const allKilled: Trouble = async ({ cluster }) => {
  await Promise.all(cluster.nodes.map((node) => cluster.kill(node, 'SIGKILL')))
  for (const node of cluster.nodes) cluster.run(node)
}

const TROUBLES: readonly Trouble[] = [killed, frozen, killed, restarted, frozen, killed, killed, allKilled]

/** Asks for tasks by whichever node answers, one after the other, until it is told to stop. */
class Asking {
  readonly posted = new Map<string, string>()
  readonly #network: MeshNetwork
  readonly #chance: Chance
  #isOver = false

  constructor(network: MeshNetwork, chance: Chance) {
    this.#network = network
    this.#chance = chance
  }

  stop(): void {
    this.#isOver = true
  }

  async lane(): Promise<void> {
    while (!this.#isOver) {
      const node = this.#network.node(this.#chance.below(2))
      const posted = await this.#post(node, randomUUID())
      this.posted.set(posted.need, posted.thread)
      await this.#untilOver(posted.need)
    }
  }

  /**
   * One key until there is an answer, the node's own or the hub's: whoever does not hear of what he asked for asks again, and
   * gets it once, by the id that he was told.
   */
  async #post(node: ClusterNode, key: string) {
    const hub = this.#chance.is(0.5) ? {} : { wait_ms: 0 }
    for (;;) {
      const answer = await this.#asked(() =>
        this.#network.post(
          'test/quick',
          { idempotency_key: key, input: { text: key }, deadline_ms: SOON.needDeadlineMs, ...hub },
          node,
        ),
      )
      if (answer?.ok === true) return answer.value
      await pause(200)
    }
  }

  async #untilOver(need: string): Promise<void> {
    while (!this.#isOver) {
      const node = this.#network.node(this.#chance.below(5))
      const shown = await this.#asked(() => node.api.call('needShow', { need: need as never }))
      if (shown?.ok === true && isOver(shown.value)) return
      await pause(200)
    }
  }

  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof NoNodeError || error instanceof LostNodeError) return undefined
      throw error
    }
  }
}

let network: MeshNetwork

beforeAll(async () => {
  network = await MeshNetwork.start({ parameters: { ...HASTY, splitAfterMs: SOON.splitAfterMs } })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

describe('five nodes under load that are killed, frozen and started again at random', () => {
  it(
    'end every need by a rule, all with the same ledger and the same records',
    async () => {
      const chance = new Chance(SEED, 'trouble')
      const asking = new Asking(network, new Chance(SEED, 'asking'))
      const lanes = Array.from({ length: LANES }, () => asking.lane())
      const end = performance.now() + MINUTES * 60_000
      let troubles = 0
      for (; performance.now() < end || troubles < TROUBLES.length; troubles++) {
        const trouble = TROUBLES[troubles % TROUBLES.length] as Trouble
        await trouble(network, network.node(chance.below(5)), chance.below(4_000))
        // One at a time, or two: now and then the next one comes before this one is over.
        if (chance.is(0.7)) await network.cluster.ready()
        await pause(chance.below(3_000))
      }
      asking.stop()
      await Promise.all(lanes)
      await network.cluster.ready()

      const ended: Need[] = []
      for (const need of asking.posted.keys()) ended.push(await network.until(need, isOver))
      const states = Map.groupBy(ended, ({ state }) => state)
      const told = [...states].map(([state, needs]) => `${needs.length} ${state}`).join(', ')
      process.stdout.write(`seed ${SEED}: ${troubles} troubles, ${asking.posted.size} needs: ${told}\n`)
      expect(ended.filter(({ state }) => !ENDS.has(state))).toEqual([])
      expect(states.get('SETTLED')?.length ?? 0).toBeGreaterThan(0)

      expect(await network.untilOneLedger()).toHaveLength(5)
      for (const node of network.cluster.nodes) {
        const shown = await node.api.call('needs', { state: 'open' })
        expect(shown.ok && shown.value.needs, node.name).toEqual([])
        expect(readFileSync(join(node.home, 'node.log'), 'utf8')).not.toMatch(/"level":"?(?:fatal|60)/u)
      }
      for (const { thread } of ended.slice(-5)) {
        const record = await network.exported(thread ?? '', network.node(0))
        for (const node of network.cluster.nodes.slice(1))
          expect((await network.exported(thread ?? '', node)).equals(record), node.name).toBe(true)
        expect(network.replay(record)).toBe(0)
      }
    },
    LONG_MS,
  )
})
