import { expect } from 'vitest'
import type { SoundReplica, TrimLimits, TurnStore, TurnWrites } from '../../src/ports/turn-store.ts'
import { group } from '../setup/turn-writes.ts'

/** Where a store lives longer than a process. */
export interface TurnStoreHome {
  /** As a process that starts finds it; what was open before is closed or killed. */
  open(): TurnStore
  /** From now on only so many bytes more can be stored, about; Infinity: all again. The store may be reopened for it. */
  limitRoom(bytes: number): TurnStore
}

/** Commits a turn that must be stable. */
export function commit(store: TurnStore, ...groups: TurnWrites['groups']): void {
  expect(store.commit({ groups }).kind).toBe('stable')
}

/** A replica that must be sound. */
export function read(store: TurnStore, id: number): SoundReplica & { readonly kind: 'sound' } {
  const [replica] = store.readGroups([group(id)])
  if (replica?.kind !== 'sound') throw new Error(`group ${id} is ${JSON.stringify(replica)}`)
  return replica
}

/** Trims until there is nothing more to do. */
export function trimAll(store: TurnStore, limits: TrimLimits): { rows: number; bytes: number } {
  const total = { rows: 0, bytes: 0 }
  for (let calls = 0; ; calls++) {
    expect(calls).toBeLessThan(10_000)
    const outcome = store.trim(limits)
    if (outcome.kind === 'full') throw new Error('no room to trim')
    total.rows += outcome.rows
    total.bytes += outcome.bytes
    if (!outcome.more) return total
  }
}
