import type { GroupId } from '../../model/raft.ts'
import type { GroupReady } from '../../ports/consensus-engine.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { TurnStore } from '../../ports/turn-store.ts'
import type { Mutant } from '../../services/raft-host/seam.ts'

/** Entries that a store should have dropped, by group. */
export type Leftovers = Map<GroupId, readonly Entry[]>

/** The store as a mutant has it. */
export function brokenStore(store: TurnStore, mutant: Mutant | undefined, leftovers: Leftovers): TurnStore {
  if (mutant === 'no-truncate') return keepingConflicts(store, leftovers)
  return mutant === 'carry-vote' ? carryingVotes(store) : store
}

/** What the shim hands out as a mutant has it. */
export function brokenReady(ready: GroupReady, mutant: Mutant | undefined): GroupReady {
  if (mutant !== 'shim-nothing-waits') return ready
  return { ...ready, messages: ready.messages.map((message) => ({ ...message, waits: false })) }
}

/** The tail that new entries conflict with comes back behind them. */
function keepingConflicts(store: TurnStore, tails: Leftovers): TurnStore {
  return override(store, {
    commit(writes) {
      for (const { group, entries } of writes.groups) {
        const [first] = entries ?? []
        if (entries === undefined || first === undefined || !store.groups().includes(group)) continue
        const [before] = store.readGroups([group])
        const old = [...(before?.kind === 'sound' ? before.entries : []), ...(tails.get(group) ?? [])]
        const end = first.index + entries.length
        tails.set(
          group,
          old.filter(({ index }) => index >= end),
        )
      }
      return store.commit(writes)
    },
    readGroups: (groups) =>
      store.readGroups(groups).map((replica) => {
        const tail = tails.get(replica.group) ?? []
        return replica.kind === 'sound' ? { ...replica, entries: [...replica.entries, ...tail] } : replica
      }),
  })
}

/** A term or vote without entries waits for the next row, as a commit index may. */
function carryingVotes(store: TurnStore): TurnStore {
  return override(store, {
    commit(writes) {
      const isLight = ({
        entries,
        checkpoint,
        floor,
        notes,
        forget,
      }: (typeof writes.groups)[number]): boolean =>
        [entries, checkpoint, floor, notes, forget].every((one) => one === undefined)
      return writes.groups.every(isLight) ? { kind: 'carried' } : store.commit(writes)
    },
  })
}

function override(store: TurnStore, methods: Partial<TurnStore>): TurnStore {
  return new Proxy(store, {
    get: (target, name: keyof TurnStore) => {
      const value = methods[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
