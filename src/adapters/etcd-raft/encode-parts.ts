import type { MembershipChange } from '../../ports/consensus-engine.ts'
import type { Entry, GroupSettings, Membership, Snapshot, StoredGroup } from '../../ports/consensus-group.ts'
import { LOG_LEVELS, PART_KINDS, TRANSITIONS } from './frame-format.ts'
import type { FrameWriter } from './frame-writer.ts'

export function encodeSettings(out: FrameWriter, settings: GroupSettings): void {
  out.number(settings.id)
  out.u32(settings.electionTicks)
  out.u32(settings.heartbeatTicks)
  out.flag(settings.preVote)
  out.flag(settings.checkQuorum)
  out.flag(settings.stepDownOnRemoval)
  out.flag(settings.forwardProposals)
  out.number(settings.messageBytesMax)
  out.number(settings.committedBytesMax)
  out.number(settings.uncommittedBytesMax)
  out.number(settings.entryBytesMax)
  out.u32(settings.inflightMessagesMax)
  out.number(settings.inflightBytesMax)
  out.u32(settings.tailEntriesMax)
  out.number(settings.tailBytesMax)
  out.u8(LOG_LEVELS.indexOf(settings.log))
}

export function encodeStored(out: FrameWriter, stored: StoredGroup): void {
  const { hardState, applied, membership, floor, entries } = stored
  out.number(hardState.term)
  out.number(hardState.vote ?? 0)
  out.number(hardState.commit)
  out.number(applied)
  encodeMembership(out, membership)
  out.number(floor.index)
  out.number(floor.term)
  encodeEntries(out, entries)
}

export function encodeEntries(out: FrameWriter, entries: readonly Entry[]): void {
  out.u32(entries.length)
  for (const { index, term, kind, data } of entries) {
    out.number(index)
    out.number(term)
    out.u8(kind)
    out.bytes(data)
  }
}

export function encodeSnapshot(out: FrameWriter, { index, term, membership, data }: Snapshot): void {
  out.number(index)
  out.number(term)
  encodeMembership(out, membership)
  out.bytes(data)
}

export function encodeChange(out: FrameWriter, { transition, parts, context }: MembershipChange): void {
  out.u8(TRANSITIONS.indexOf(transition))
  out.u32(parts.length)
  for (const { kind, id } of parts) {
    out.u8(PART_KINDS.indexOf(kind))
    out.number(id)
  }
  out.bytes(context)
}

function encodeMembership(out: FrameWriter, membership: Membership): void {
  out.numbers(membership.voters)
  out.numbers(membership.learners)
  out.numbers(membership.outgoing)
  out.numbers(membership.learnersNext)
  out.flag(membership.autoLeave)
}
