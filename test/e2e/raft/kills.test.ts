import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../setup/seeded-random.ts'
import { type NodeProcess, pause, startThree, until } from './node-process.ts'
import { RecordedLoad } from './recorded-load.ts'

/** `npm run test:raft -- --kills N` sets it; a few in the test suite. */
const KILLS = Number(process.env['CANSWARM_RAFT_KILLS'] ?? '3')
const GROUPS = 3
const CALLERS = 12
/** A node lives for so long at most before it is killed: what it is doing then is left to chance. */
const LIFE_MS_MAX = 400

describe('one process under load', () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-kills-'))
  let nodes: readonly NodeProcess[] = []

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(directory, { recursive: true, force: true })
  })

  it('killed at any instant again and again: it starts by itself, and nothing acknowledged is lost', {
    timeout: KILLS * 20_000 + 300_000,
  }, async () => {
    nodes = await startThree(directory, GROUPS)
    const [victim] = nodes
    const load = new RecordedLoad(nodes, GROUPS, CALLERS)
    const instants = seededRandom(KILLS).bytes(KILLS * 2)
    await until('there is load', () => Promise.resolve(load.acknowledged > 20))
    for (let kill = 0; kill < KILLS; kill++) {
      const share = ((instants[2 * kill] ?? 0) * 256 + (instants[2 * kill + 1] ?? 0)) / 65_536
      await pause(share * LIFE_MS_MAX)
      await victim?.kill()
      // Rejects unless it comes up by itself, with every group running.
      await victim?.start()
      const before = load.acknowledged
      await until('work goes on', () => Promise.resolve(load.acknowledged > before))
    }
    const operations = await load.finish()
    process.stdout.write(`${KILLS} kills, ${operations} operations, ${load.acknowledged} values set\n`)
    expect(load.acknowledged).toBeGreaterThan(KILLS)
  })
})
