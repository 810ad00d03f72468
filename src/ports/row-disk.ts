import type { FaultError } from '../model/fault.ts'
import type { GroupId, LogIndex } from '../model/raft.ts'
import type { Turn } from '../model/turn.ts'
import type { StoreOrigin, StoreRoom } from './turn-store.ts'

/**
 * What a turn store keeps its bytes on: rows by turn, and parts of states by stage and number. It understands none
 * of them. One transaction at a time, atomic and stable when it says so; a kill at any instant leaves all or nothing.
 *
 * Any failure but lack of room throws `store-io`, and every later call throws the same fault: after a failed sync
 * nobody knows what is on disk. Opening throws `store-damaged` for bytes that are no store.
 * Source: consensus.md, "The raft host"; raft-host-catalogue S4, S6, S7; reliability-anchors, 1 and 4.
 */
export interface RowDisk {
  readonly origin: StoreOrigin

  /** Stable when it returns `stored`; nothing of it is there when it returns `full`. */
  transact(writes: DiskWrites): 'stored' | 'full'
  /** The same for the row of a turn; where it may be late, a disk that is slow may answer `underway`. */
  append(writes: DiskWrites, mayBeLate?: boolean): 'stored' | 'full' | 'underway'
  /** Where what was `underway` is told, once; nothing else is written before. One listener. */
  onSettled(listener: (outcome: DiskOutcome) => void): void

  /** Rows after a turn (0: all), ascending, up to about so many bytes and at least one; none at the end. */
  readRowsAfter(turn: Turn | 0, bytesMax: number): readonly DiskRow[]
  readRow(turn: Turn): Uint8Array | undefined
  stages(): readonly DiskStage[]
  /** All parts that there are, ascending by stage and number, without their bytes. */
  parts(): readonly DiskPartSize[]
  readPart(part: DiskPartKey): { readonly bytes: Uint8Array; readonly checksum: number } | undefined

  room(): StoreRoom
  /** Empties everything and makes the origin this node's again; `full` when even that has no room. */
  startOver(): 'stored' | 'full'
  /** Throws `store-io` when that fails; what was stored stays stored. */
  close(): void
}

/** In this order. A row or part that is there already is replaced; dropping what is not there does nothing. */
export interface DiskWrites {
  readonly dropRows?: readonly Turn[]
  readonly putRow?: DiskRow
  readonly dropStages?: readonly number[]
  readonly putStages?: readonly DiskStage[]
  readonly dropParts?: readonly DiskPartKey[]
  readonly putParts?: readonly DiskPart[]
}

export interface DiskRow {
  readonly turn: Turn
  readonly bytes: Uint8Array
}

/** Parts of a state of one group are kept under a stage, numbered from 1 and never used again. */
export interface DiskStage {
  readonly stage: number
  readonly group: GroupId
  readonly at: LogIndex
}

export interface DiskPartKey {
  readonly stage: number
  /** Integer in [0, 2^20). */
  readonly number: number
}

export interface DiskPartSize extends DiskPartKey {
  readonly bytes: number
}

export interface DiskPart extends DiskPartKey {
  readonly bytes: Uint8Array
  readonly checksum: number
}

export type DiskOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'full' }
  | { readonly kind: 'failed'; readonly fault: FaultError }

/** Parts of one state, at most: 1 TiB of parts of CHUNK_BYTES_MAX. */
export const STATE_PARTS_MAX = 2 ** 20
