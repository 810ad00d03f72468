import type { LogIndex } from '../../model/raft.ts'
import type { RefusedWhy } from '../../model/replicated.ts'

/**
 * `served`: the machine's state as it is now, with the index that it stands at; valid during the callback alone.
 * `unknown`: no index came in time; nothing was read.
 */
export type ReadOutcome =
  | { readonly kind: 'served'; readonly index: LogIndex; readonly state: unknown }
  | { readonly kind: 'refused'; readonly why: RefusedWhy }
  | { readonly kind: 'unknown' }

/** A linearizable read that waits: first for an index, then until that is applied. */
export interface PendingRead {
  /** Under which context the engine was asked last; empty: not yet. Each is used once in all lives of a node. */
  context: string
  askedAt: number
  index: LogIndex | undefined
  readonly deadline: number
  readonly done: (outcome: ReadOutcome) => void
}

/** Which reads can be served at an applied index, and which are over by their deadline. */
export function sortReads(
  reads: readonly PendingRead[],
  applied: LogIndex,
  tick: number,
): {
  readonly served: readonly PendingRead[]
  readonly late: readonly PendingRead[]
  readonly left: readonly PendingRead[]
} {
  const isServed = (read: PendingRead): boolean => read.index !== undefined && read.index <= applied
  const isLate = (read: PendingRead): boolean => !isServed(read) && read.deadline <= tick
  return {
    served: reads.filter(isServed),
    late: reads.filter(isLate),
    left: reads.filter((read) => !isServed(read) && !isLate(read)),
  }
}
