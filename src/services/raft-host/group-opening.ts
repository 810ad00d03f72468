import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import { err } from '../../model/result.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { StoredReplica } from '../../ports/turn-store.ts'
import { type NotStarted, openStored } from './group-store.ts'
import { type HostCore, halt } from './host-core.ts'
import { type HostedGroup, makeHostedGroup } from './hosted-group.ts'

/** What is stored, opened; a group that cannot be started is `halted`, saying why and what to do. */
export function openOrHalt(core: HostCore, machine: StateMachine, stored: StoredReplica): HostedGroup {
  const opened = stored.kind === 'sound' ? openStored(core, machine, stored) : err(stored)
  return opened.ok ? opened.value : broken(core, machine, stored.group, opened.error)
}

/** Opens a group whose first writes are stable. */
export function openNew(core: HostCore, machine: StateMachine, id: GroupId): void {
  const [stored] = core.store.readGroups([id])
  assert(stored?.kind === 'sound', `group ${id} was written and is not there`)
  const opened = openStored(core, machine, stored)
  assert(opened.ok, `a new group ${id} does not open`)
  core.groups.put(opened.value)
  core.onInstalled(id, opened.value.replica?.applied ?? (0 as LogIndex))
}

/**
 * A panic inside a group is answered by opening it again from what is stored; too many of them halt it. Gives the group
 * as it is then; undefined when there is none that runs. Source: raft-host-catalogue V3.
 */
export function rebuild(core: HostCore, id: GroupId, detail: string): HostedGroup | undefined {
  const { groups, store, settings } = core
  const group = groups.get(id)
  if (group?.condition !== 'running') return undefined
  core.engine.close(id)
  core.tell({ kind: 'rebuilt', group: id, detail })
  const [stored] = store.readGroups([id])
  const opened =
    stored?.kind === 'sound' && group.rebuilds < settings.rebuildsMax
      ? openStored(core, group.machine, stored)
      : err({ what: detail, todo: 'see the log' })
  if (!opened.ok) {
    halt(core, group, opened.error.what)
    return group
  }
  const { waiting, waitingBytes, reads, rebuilds } = group
  const hosted = { ...opened.value, waiting, reads, waitingBytes, rebuilds: rebuilds + 1 }
  groups.put(hosted)
  core.onInstalled(id, hosted.replica?.applied ?? (0 as LogIndex))
  for (const one of waiting.values()) {
    one.state = { kind: 'queued', notBefore: 0 }
    hosted.queue.push(one.key)
  }
  return hosted
}

function broken(core: HostCore, machine: StateMachine, id: GroupId, { what, todo }: NotStarted): HostedGroup {
  const hard = { term: 0, vote: undefined, commit: 0 } as unknown as HostedGroup['hard']
  const group = makeHostedGroup(id, machine, hard)
  group.condition = 'halted'
  group.why = `${what}; ${todo}`
  core.tell({ kind: 'halted', group: id, detail: group.why })
  return group
}
