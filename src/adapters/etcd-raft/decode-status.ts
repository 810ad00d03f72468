import { assertLogIndex, assertRaftId, assertTerm } from '../../model/raft.ts'
import type { GroupStatus, MemberProgress } from '../../ports/consensus-engine.ts'
import { decodeMembership, decodeName, decodeRole, decodeSomeReplica } from './decode-parts.ts'
import { PROGRESS_STATES } from './frame-format.ts'
import type { FrameReader } from './frame-reader.ts'

/** Fields in the order in which shim/status.go writes them. */
export function decodeStatus(from: FrameReader): GroupStatus {
  return {
    role: decodeRole(from),
    isOut: from.flag(),
    leader: decodeSomeReplica(from),
    term: assertTerm(from.number()),
    vote: decodeSomeReplica(from),
    commit: assertLogIndex(from.number()),
    applied: assertLogIndex(from.number()),
    transferee: decodeSomeReplica(from),
    floor: assertLogIndex(from.number()),
    memoryFloor: assertLogIndex(from.number()),
    last: assertLogIndex(from.number()),
    tailBytes: from.number(),
    membership: decodeMembership(from),
    progress: from.list(() => decodeProgress(from)),
  }
}

function decodeProgress(from: FrameReader): MemberProgress {
  return {
    id: assertRaftId(from.number()),
    match: assertLogIndex(from.number()),
    next: assertLogIndex(from.number()),
    state: decodeName(PROGRESS_STATES, from.u8()),
    learner: from.flag(),
    active: from.flag(),
    pendingSnapshot: someIndex(from.number()),
    inflightMessages: from.u32(),
  }
}

function someIndex(value: number): MemberProgress['pendingSnapshot'] {
  return value === 0 ? undefined : assertLogIndex(value)
}
