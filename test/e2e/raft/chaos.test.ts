import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type NodeProcess, pause, startThree, until } from './node-process.ts'
import { RecordedLoad } from './recorded-load.ts'

/** `npm run test:raft -- --minutes M` sets it; a quarter of a minute in the test suite. */
const MINUTES = Number(process.env['CANSWARM_RAFT_MINUTES'] ?? '0.25')
const GROUPS = 3
const CALLERS = 12
const TROUBLES = ['kill', 'cut-off', 'stop', 'one-way'] as const

describe('three processes over TCP', () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-chaos-'))
  let nodes: readonly NodeProcess[] = []

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(directory, { recursive: true, force: true })
  })

  it('leaders killed, stopped and cut off under load: linearizable, nothing acknowledged is lost, all go on', {
    timeout: MINUTES * 60_000 + 300_000,
  }, async () => {
    nodes = await startThree(directory, GROUPS)
    const load = new RecordedLoad(nodes, GROUPS, CALLERS)
    const end = performance.now() + MINUTES * 60_000
    let rounds = 0
    for (; performance.now() < end || rounds < TROUBLES.length; rounds++) {
      const before = load.acknowledged
      await makeTrouble(nodes, TROUBLES[rounds % TROUBLES.length] ?? 'kill', rounds)
      await until('work goes on', () => Promise.resolve(load.acknowledged > before + 10))
    }
    const operations = await load.finish()
    process.stdout.write(`${rounds} troubles, ${operations} operations, ${load.acknowledged} values set\n`)
    expect(load.acknowledged).toBeGreaterThan(rounds * 10)
  })
})

/** Something happens to a node that leads, and is over again. */
async function makeTrouble(
  nodes: readonly NodeProcess[],
  trouble: (typeof TROUBLES)[number],
  round: number,
): Promise<void> {
  const statuses = await Promise.all(nodes.map((node) => node.status()))
  const leads = statuses.findIndex(({ leads: groups }) => groups.includes(round % GROUPS))
  const at = Math.max(0, leads)
  const [victim, others] = [nodes[at], nodes.filter((_, other) => other !== at)]
  const lasts = 300 + ((round * 397) % 1200)
  switch (trouble) {
    case 'kill':
      await victim?.kill()
      await pause(lasts)
      return victim?.start()
    case 'stop':
      victim?.signal('SIGSTOP')
      await pause(lasts)
      return victim?.signal('SIGCONT')
    case 'cut-off':
      await victim?.ask({ kind: 'cut', peers: [1, 2, 3] })
      await Promise.all(others.map((node) => node.ask({ kind: 'cut', peers: [at + 1] })))
      await pause(lasts)
      return heal(nodes)
    case 'one-way':
      await victim?.ask({ kind: 'cut', peers: [1, 2, 3] })
      await pause(lasts)
      return heal(nodes)
    default:
      return trouble satisfies never
  }
}

async function heal(nodes: readonly NodeProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.ask({ kind: 'cut', peers: [] })))
}
