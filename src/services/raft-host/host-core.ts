import type { ProofCheck } from '../../core/replica/proof-check.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId, LogIndex, RaftId } from '../../model/raft.ts'
import type { ConsensusEngine } from '../../ports/consensus-engine.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { RaftDirectory, RaftTransport } from '../../ports/raft-transport.ts'
import type { TurnStore } from '../../ports/turn-store.ts'
import type { Certification, SealNotice } from './certification.ts'
import { type HostedGroup, membersOf } from './hosted-group.ts'
import type { HostedGroups } from './hosted-groups.ts'
import type { Outgoing } from './outgoing.ts'
import type { Mutant } from './seam.ts'
import type { HostSettings } from './settings.ts'

/** What happened, for counters and logs; `detail` is for people. */
export type HostEvent =
  | {
      readonly kind: 'dropped'
      readonly peer: RaftId
      readonly group: GroupId | undefined
      readonly why: string
    }
  | { readonly kind: 'halted'; readonly group: GroupId; readonly detail: string }
  | { readonly kind: 'rebuilt'; readonly group: GroupId; readonly detail: string }
  | { readonly kind: 'store-full' }
  | {
      readonly kind: 'snapshot-refused'
      readonly group: GroupId
      readonly peer: RaftId
      readonly detail: string
    }
  | { readonly kind: 'removed'; readonly group: GroupId }
  /** This node stopped to follow a leader that left something out, and stands for election. */
  | { readonly kind: 'deposed'; readonly group: GroupId; readonly leader: RaftId }
  /** A voter signed two roots for one size; the evidence is with `evidence`. */
  | { readonly kind: 'double-signing'; readonly group: GroupId; readonly voter: Did; readonly size: number }
  /** What this node has noted for a size is not what it has now: it does not sign. */
  | { readonly kind: 'seal-contradiction'; readonly group: GroupId; readonly size: number }

/** What is applied, for those who check or follow a group. */
export interface AppliedNotice {
  readonly group: GroupId
  readonly index: LogIndex
  readonly term: number
  /** Undefined for empty entries and membership changes. */
  readonly data: Uint8Array | undefined
}

/** A leaf that an applied item, or a change of voters, added to a group's tree. Bytes are valid during the call. */
export interface LeafNotice {
  readonly group: GroupId
  /** From 0 on, without gaps; after a restart those behind the checkpoint come again, the same. */
  readonly number: number
  /** `passed`: between hosts alone. */
  readonly kind: 'item' | 'passed' | 'voters'
  readonly leaf: Uint8Array
  /** Of `item`: the bytes that the leaf names. */
  readonly item: Uint8Array | undefined
}

/** What the parts of one node's host share. */
export interface HostCore {
  readonly self: RaftId
  /** Of this opening of the store; makes contexts of reads unique over restarts. */
  readonly incarnation: number
  readonly engine: ConsensusEngine
  readonly store: TurnStore
  readonly transport: RaftTransport
  readonly directory: RaftDirectory
  readonly sha256: Sha256
  readonly settings: HostSettings
  readonly outgoing: Outgoing
  readonly groups: HostedGroups
  readonly heardAt: Map<RaftId, number>
  readonly tell: (event: HostEvent) => void
  readonly onApplied: (notice: AppliedNotice) => void
  /** Undefined: nobody keeps the log. */
  readonly onLeaf: ((notice: LeafNotice) => void) | undefined
  /** Whether a group may apply anything now; asked again with every turn. */
  readonly mayApply: (group: GroupId) => boolean
  /** What was applied so far will not be applied again after a restart. */
  readonly beforeCheckpoint: (group: GroupId) => void
  /** The state stands at this index without having applied what is before it: a snapshot, or opened again. */
  readonly onInstalled: (group: GroupId, index: LogIndex) => void
  /** Undefined: groups have no certificates. */
  readonly certification: Certification | undefined
  readonly proofs: ProofCheck
  readonly onSeal: (notice: SealNotice) => void
  readonly mutant: Mutant | undefined
  /** Ticks since the start. */
  tick: number
  /** Numbers of requests and contexts, never used twice in any life of this node. */
  serial: number
  stopping: boolean
  /** A turn is underway in the store: nothing else may be written. */
  isWriting: boolean
}

/** Whether the node was heard of lately. */
export function isAlive(core: HostCore, peer: RaftId): boolean {
  if (peer === core.self) return true
  const heard = core.heardAt.get(peer)
  return heard !== undefined && core.tick - heard <= core.settings.peerLostTicks
}

/** A sleeping group is ticked again. */
export function wake(core: HostCore, group: HostedGroup): void {
  core.groups.touch(group)
  group.asleep = false
  group.sleepDue = false
  group.quietTicks = 0
}

/** Whether a node may speak in the group. */
export function isMember(core: HostCore, group: HostedGroup, peer: RaftId): boolean {
  return membersOf(group.replica).has(peer) || core.directory.isExpected(group.id, peer)
}

/**
 * The group stops on this node, saying why; the others go on. Whoever waits learns that nobody can say.
 * Source: style guide, "Errors"; raft-host-catalogue A4, A5, B3.
 */
export function halt(core: HostCore, group: HostedGroup, why: string): void {
  group.condition = 'halted'
  group.why = why
  group.out = undefined
  group.receiving = undefined
  core.engine.close(group.id)
  core.tell({ kind: 'halted', group: group.id, detail: why })
}
