import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../../src/node/demo/cluster.ts'
import { decidersIn } from '../setup/decides.ts'
import { isOver, MeshNetwork, wanted } from '../setup/mesh-cluster.ts'
import { Switchboard } from '../setup/switchboard.ts'

const LONG_MS = 290_000
/** One that asks, one that works and one that judges; beside them one that works and one that judges. */
const LARGER = [0, 1, 3]
const SMALLER = [2, 4]

let board: Switchboard
let network: MeshNetwork

beforeAll(async () => {
  board = await Switchboard.open(5)
  const ports = await freePorts(5)
  board.lead(ports)
  network = await MeshNetwork.start({
    // With one liar to withstand, three of five decide but certify nothing.
    liars: 0,
    ports,
    wayTo: (from, to) => board.wayTo(from, to),
    announced: () => board.announced(),
  })
}, LONG_MS)

afterAll(async () => {
  await network.end()
  await board.stop()
}, LONG_MS)

describe('five nodes, of which two are cut off', () => {
  it(
    'go on as three; the two finish nothing, and nothing that they said is lost when all are together again',
    async () => {
      const [asking, aside] = [network.node(0), network.node(4)]
      const before = await wanted(network.post('test/slow'))
      await network.until(before.need, ({ state }) => state === 'CLAIMED')
      board.part(LARGER, SMALLER)

      const said = await wanted(network.post('test/quick', { wait_ms: 0 }, aside))
      const during = await wanted(network.post('test/quick'))
      for (const { need } of [before, during]) {
        expect((await network.until(need, isOver, asking)).state).toBe('SETTLED')
      }
      expect(await wanted(aside.api.call('needs', { state: 'all', limit: 10 }))).toMatchObject({
        needs: [
          { need: said.need, state: 'POSTED', over: false },
          { need: before.need, over: false },
        ],
      })
      expect(await aside.api.call('needShow', { need: during.need })).toMatchObject({ ok: false })
      expect(await asking.api.call('needShow', { need: said.need })).toMatchObject({ ok: false })

      board.heal()
      expect((await network.until(said.need, isOver, asking)).state).toBe('SETTLED')
      for (const { thread } of [before, during, said]) {
        const record = await network.exported(thread, asking)
        for (const node of network.cluster.nodes)
          expect((await network.exported(thread, node)).equals(record)).toBe(true)
        expect(network.replay(record)).toBe(0)
        expect(decidersIn(record)).toHaveLength(1)
      }
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )
})
