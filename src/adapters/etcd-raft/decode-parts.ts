import { DefectError } from '../../model/fault.ts'
import { assertLogIndex, assertRaftId, assertTerm, type RaftId } from '../../model/raft.ts'
import type { MembershipChange, RaftRole } from '../../ports/consensus-engine.ts'
import type { Entry, HardState, Membership, Snapshot } from '../../ports/consensus-group.ts'
import { PART_KINDS, ROLES, TRANSITIONS } from './frame-format.ts'
import type { FrameReader } from './frame-reader.ts'

/** The name that a number stands for. A number beyond the list is a defect of the engine. */
export function decodeName<Name>(names: readonly Name[], at: number): Name {
  const name = names[at]
  if (name === undefined) throw new DefectError(`the engine says ${at} where ${names.join(', ')} are known`)
  return name
}

export function decodeRole(from: FrameReader): RaftRole {
  return decodeName(ROLES, from.u8())
}

/** 0 stands for none. */
export function decodeSomeReplica(from: FrameReader): RaftId | undefined {
  const id = from.number()
  return id === 0 ? undefined : assertRaftId(id)
}

export function decodeHardState(from: FrameReader): HardState {
  return {
    term: assertTerm(from.number()),
    vote: decodeSomeReplica(from),
    commit: assertLogIndex(from.number()),
  }
}

export function decodeMembership(from: FrameReader): Membership {
  const ids = (): readonly RaftId[] => from.list(() => assertRaftId(from.number()))
  return {
    voters: ids(),
    learners: ids(),
    outgoing: ids(),
    learnersNext: ids(),
    autoLeave: from.flag(),
  }
}

export function decodeEntry(from: FrameReader): Entry {
  return {
    index: assertLogIndex(from.number()),
    term: assertTerm(from.number()),
    kind: from.u8(),
    data: from.bytes(),
  }
}

export function decodeSnapshot(from: FrameReader): Snapshot {
  return {
    index: assertLogIndex(from.number()),
    term: assertTerm(from.number()),
    membership: decodeMembership(from),
    data: from.bytes(),
  }
}

export function decodeChange(from: FrameReader): MembershipChange {
  return {
    transition: decodeName(TRANSITIONS, from.u8()),
    parts: from.list(() => ({
      kind: decodeName(PART_KINDS, from.u8()),
      id: assertRaftId(from.number()),
    })),
    context: from.bytes(),
  }
}
