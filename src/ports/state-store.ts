import type { GroupId } from '../model/raft.ts'

/** States of groups on a disk, each replaced as a whole. Faults `store-io`, `store-full`. */
export interface StateStore {
  /** Undefined where nothing was stored. */
  load(group: GroupId): Uint8Array | undefined
  /** Durable when it returns; a crash leaves the old one or the new one. */
  save(group: GroupId, state: Uint8Array): void
}
