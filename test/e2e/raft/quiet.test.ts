import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type NodeProcess, type NodeStatus, startThree, until } from './node-process.ts'

const GROUPS = 9

describe('three processes with nine groups', () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-quiet-'))
  let nodes: readonly NodeProcess[] = []

  const statuses = (): Promise<readonly NodeStatus[]> => Promise.all(nodes.map((node) => node.status()))
  const leadEach = async (count: number): Promise<boolean> =>
    (await statuses()).every(({ leads }) => leads.length === count)
  const allAsleep = async (): Promise<boolean> =>
    (await statuses()).every(({ asleep }) => asleep.length === GROUPS)

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(directory, { recursive: true, force: true })
  })

  it('leaders spread evenly, groups fall asleep and wake up, leaderships are handed over before a node ends', async () => {
    nodes = await startThree(directory, GROUPS)
    await until('each node leads three groups', () => leadEach(3))
    await until('all groups sleep', allAsleep)
    expect(await leadEach(3)).toBe(true)

    const put = { kind: 'put', group: 4, cell: 'c', value: 'v', key: 'k', born: 0 }
    expect(await nodes[0]?.ask(put)).toMatchObject({ outcome: 'took' })
    expect(await nodes[2]?.ask({ kind: 'read', group: 4, cell: 'c' })).toMatchObject({ value: 'v' })
    await until('all groups sleep again', allAsleep)

    const [first, ...others] = nodes
    first?.signal('SIGTERM')
    expect(await first?.ended()).toBe(0)
    const leads = (await Promise.all(others.map((node) => node.status()))).flatMap((status) => status.leads)
    expect(leads.toSorted((a, b) => a - b)).toEqual(Array.from({ length: GROUPS }, (_, group) => group))

    await first?.start()
    await until('each node leads three groups again', () => leadEach(3))
  })
})
