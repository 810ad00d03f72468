import { describe, expect, it } from 'vitest'
import type { GroupId } from '../../src/model/raft.ts'
import type { Ticket } from '../../src/model/replicated.ts'
import type { World } from '../../src/sim/raft/world.ts'
import { board, followers, groupOf, kinds, mustLead, propose, startWorld } from './raft-world.ts'

const [OLD, NEW] = [0 as GroupId, 1 as GroupId]
const OUTCOME_BYTES_MAX = 40_000
const KEPT = 16
const settings = { outcomeBytesMax: OUTCOME_BYTES_MAX, outcomesKept: KEPT }

/** Adds one, so many times, and gives the tickets. */
function fill(world: World, group: GroupId, times: number): readonly Ticket[] {
  const { id } = mustLead(world, group)
  return Array.from({ length: times }, (_, n) => {
    const ticket = world.host(id).ticket(group, new TextEncoder().encode(`${group} ${n}`))
    const done = propose(world, id, { kind: 'add', amount: 1 }, { group, ticket })
    world.until(() => done.length === 1)
    return ticket
  })
}

function bytesOf(world: World, node: number): number {
  return world.groups.reduce(
    (sum, group) => sum + (groupOf(world, node, group).replica?.settled.bytes ?? 0),
    0,
  )
}

describe('what nodes remember of commands', () => {
  const world = startWorld({ groups: 2, settings })
  const old = fill(world, OLD, 150)
  const recent = fill(world, NEW, 200)
  world.run(3000)

  it('takes no more than its bound on any node, over all groups', () => {
    for (const node of [1, 2, 3]) {
      expect(bytesOf(world, node)).toBeLessThanOrEqual(OUTCOME_BYTES_MAX)
      expect(bytesOf(world, node)).toBeGreaterThan(OUTCOME_BYTES_MAX / 2)
    }
  })

  it('is forgotten oldest first, whatever the group, and its newest positions never', () => {
    const { settled, position } = groupOf(world, 1, OLD).replica ?? { settled: undefined, position: 0 }
    expect(settled?.size).toBeLessThan(30)
    expect(settled?.size).toBeGreaterThanOrEqual(KEPT)
    expect(settled?.floor).toBeLessThanOrEqual(position - KEPT)
    expect(groupOf(world, 1, NEW).replica?.settled.size).toBeGreaterThan(60)
  })

  it('is the same on every replica', () => {
    for (const group of world.groups) {
      const all = [1, 2, 3].map((node) => groupOf(world, node, group).replica?.settled)
      expect(new Set(all.map((one) => one?.floor)).size).toBe(1)
      expect(all[1]?.entries()).toEqual(all[0]?.entries())
      expect(all[2]?.entries()).toEqual(all[0]?.entries())
    }
  })

  it('answers a retry whose command is remembered, refuses one that is not, and takes neither twice (F1)', () => {
    const node = followers(world, OLD)[0]?.id ?? 0
    const again = [
      [OLD, old[0]],
      [NEW, recent.at(-1)],
    ] as const
    const outcomes = again.map(([group, ticket]) =>
      propose(world, node, { kind: 'add', amount: 1 }, { group, ...(ticket !== undefined && { ticket }) }),
    )
    world.until(() => outcomes.every((one) => one.length === 1))
    expect(outcomes.map(kinds)).toEqual([['expired'], ['applied']])
    expect([OLD, NEW].map((group) => board(world, 1, group).count)).toEqual([150, 200])
  })

  it('is taken twice by those who forget it and do not refuse what is older', () => {
    const broken = startWorld({ groups: 2, settings, mutant: 'floor-not-raised' })
    const [first] = fill(broken, OLD, 150)
    fill(broken, NEW, 200)
    broken.run(3000)
    const again = propose(
      broken,
      mustLead(broken, OLD).id,
      { kind: 'add', amount: 1 },
      { group: OLD, ...(first !== undefined && { ticket: first }) },
    )
    broken.until(() => again.length === 1)
    expect(board(broken, mustLead(broken, OLD).id, OLD).count).toBe(151)
  })

  it('is the same after a restart', () => {
    const floor = groupOf(world, 2, OLD).replica?.settled.floor
    world.kill(2)
    world.start(2)
    world.until(() => groupOf(world, 2, OLD).replica?.applied === groupOf(world, 1, OLD).replica?.applied)
    expect(groupOf(world, 2, OLD).replica?.settled.floor).toBe(floor)
    expect(groupOf(world, 2, OLD).replica?.settled.entries()).toEqual(
      groupOf(world, 1, OLD).replica?.settled.entries(),
    )
  })
})
