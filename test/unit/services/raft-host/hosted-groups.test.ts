import { describe, expect, it } from 'vitest'
import type { GroupId, RaftId } from '../../../../src/model/raft.ts'
import { type HostedGroup, makeHostedGroup } from '../../../../src/services/raft-host/hosted-group.ts'
import { HostedGroups } from '../../../../src/services/raft-host/hosted-groups.ts'
import { boardMachine } from '../../../../src/sim/raft/machines.ts'

function sleeping(id: number): HostedGroup {
  const hard = { term: 1, vote: undefined, commit: 0 } as unknown as HostedGroup['hard']
  const group = makeHostedGroup(id as GroupId, boardMachine, hard)
  group.asleep = true
  return group
}

function withGroups(count: number): { groups: HostedGroups; list: readonly HostedGroup[] } {
  const groups = new HostedGroups()
  const list = Array.from({ length: count }, (_, id) => sleeping(id))
  for (const group of list) groups.put(group)
  return { groups, list }
}

const busy = (groups: HostedGroups): readonly number[] => [...groups.busy()].map(({ id }) => id)

describe('HostedGroups', () => {
  it('groups that sleep and have nothing to do are not looked at, however many there are', () => {
    const { groups } = withGroups(257)
    expect(busy(groups)).toHaveLength(257)
    groups.settle()
    expect(busy(groups)).toEqual([])
    expect([...groups.all()]).toHaveLength(257)
  })

  it('a group that is awake is looked at every turn', () => {
    const { groups, list } = withGroups(3)
    const [, second] = list as [HostedGroup, HostedGroup]
    second.asleep = false
    groups.settle()
    expect(busy(groups)).toEqual([1])
  })

  it.each<[string, (group: HostedGroup) => void]>([
    ['a read', (group) => group.reads.push({} as HostedGroup['reads'][number])],
    ['a command', (group) => group.queue.push('key')],
    [
      'an effect to propose',
      (group) => group.internal.push({ kind: 'cert', certificate: new Uint8Array(0) }),
    ],
    ['a size to sign', (group) => group.seals.wanted.set(1, new Set([1 as RaftId]))],
    ['an answer that is owed', (group) => group.seals.owed.set(1 as GroupId, 1)],
    ['members to tell that it sleeps', (group) => void (group.sleepDue = true)],
  ])('a sleeping group with %s is looked at until that is done', (_, give) => {
    const { groups, list } = withGroups(2)
    groups.settle()
    const [first] = list as [HostedGroup]
    give(first)
    groups.touch(first)
    groups.settle()
    expect(busy(groups)).toEqual([0])
  })

  it('a group that was replaced or deleted is not looked at any more', () => {
    const { groups, list } = withGroups(2)
    const [first, second] = list as [HostedGroup, HostedGroup]
    groups.put(sleeping(0))
    groups.delete(1 as GroupId)
    groups.touch(first)
    groups.touch(second)
    expect([...groups.busy()]).toEqual([groups.get(0 as GroupId)])
  })
})
