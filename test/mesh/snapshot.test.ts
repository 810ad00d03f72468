import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOver, MeshNetwork, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 290_000

let network: MeshNetwork

beforeAll(async () => {
  // Entries are forgotten at once, so that whoever was away gets the state instead of them.
  const raft = ['[raft]', 'checkpoint_entries = 16', 'tail_entries = 1']
  network = await MeshNetwork.start({ settings: [...raft, '[log]', 'level = "debug"'] })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

describe('a voter that was away for longer than entries are kept', () => {
  it(
    'gets the states, fetches what led to them, writes the same records as all, and goes on',
    async () => {
      const absent = network.node(2)
      await network.cluster.kill(absent, 'SIGKILL')
      const posted = []
      for (let n = 0; n < 4; n++) {
        const one = await wanted(network.post('test/quick'))
        await network.until(one.need, isOver)
        posted.push(one)
      }
      network.cluster.run(absent)
      await network.cluster.ready()
      for (const { thread } of posted) {
        const record = await network.exported(thread, absent)
        expect(record.equals(await network.exported(thread, network.node(0)))).toBe(true)
        expect(network.replay(record)).toBe(0)
      }
      expect(readFileSync(join(absent.home, 'node.log'), 'utf8')).toContain('machine -1 has all leaves again')
      expect(await network.untilOneLedger()).toHaveLength(5)

      const later = await wanted(network.post('test/quick'))
      await network.until(later.need, isOver, absent)
      const record = await network.exported(later.thread, absent)
      expect(record.equals(await network.exported(later.thread, network.node(0)))).toBe(true)
      expect(await network.untilOneLedger()).toHaveLength(5)
    },
    LONG_MS,
  )
})
