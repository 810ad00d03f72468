import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'

const LONG_MS = 300_000
/** Longer than the test: the need stays open. */
const LASTS_MS = 240_000

let network: MeshNetwork

beforeAll(async () => {
  network = await MeshNetwork.start({
    nodes: 3,
    verifiers: [2],
    capabilities: ['test/long'],
    attached: [
      {
        place: 1,
        capability: 'test/long',
        way: printing('done', LASTS_MS),
        price: '100000',
        does: ['works'],
      },
    ],
  })
}, LONG_MS)

afterAll(async () => {
  await network.end()
}, LONG_MS)

const adds = (task: string, label: string) => ({
  op_type: 'ADD_TASK' as const,
  task_id: task,
  payload: { label },
})

describe('the plan of a thread', () => {
  it(
    'is the same on all nodes that changed it apart, also on one that was down meanwhile',
    async () => {
      const { thread } = await wanted(network.post('test/long'))
      const [asker, worker, down] = [network.node(0), network.node(1), network.node(2)]
      const planOf = async (place: number) => {
        const plan = await network.node(place).api.call('plan', { thread })
        return plan.ok ? [plan.value.root, ...plan.value.tasks.map(({ task }) => task).sort()] : []
      }
      const shows = (place: number, ...tasks: readonly string[]) =>
        network.cluster.until(network.node(place), async () => {
          const [, ...shown] = await planOf(place)
          return tasks.every((task) => shown.includes(task))
        })
      await network.cluster.until(worker, async () => (await worker.api.call('plan', { thread })).ok)
      await network.cluster.kill(down, 'SIGKILL')
      const file = join(network.directory, 'ops.json')
      writeFileSync(file, JSON.stringify([adds('read', 'read it')]))
      network.command(asker, 'plan', 'patch', thread, file)
      await wanted(
        worker.api.call('planPatch', {
          thread,
          ops: [
            adds('count', 'count it'),
            { op_type: 'REQUIRES', task_id: 'count', payload: { requires: 'read' } },
          ],
        }),
      )
      await shows(0, 'read', 'count')
      await shows(1, 'read', 'count')
      network.cluster.run(down)
      await shows(2, 'read', 'count')
      // What was bid while it was down comes by the exchange of heads.
      await network.cluster.until(down, async () => {
        const plans = [await planOf(0), await planOf(1), await planOf(2)]
        return new Set(plans.map((plan) => plan.join(' '))).size === 1
      })
      expect(network.command(down, 'plan', 'show', thread)).toContain('count it')
    },
    LONG_MS,
  )
})
