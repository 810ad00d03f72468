import { encodeFrame } from '../../codec/raft-frame/frame.ts'
import type { RaftId } from '../../model/raft.ts'
import type { HostedGroup } from '../../services/raft-host/hosted-group.ts'
import type { Chance } from './chance.ts'
import { messageOf, type RawMessage, TYPE } from './forged-message.ts'

/** Nobody in any run has this raft id. */
const STRANGER = 999 as RaftId
/** Above any term of a run, and below what a host takes for a jump. */
export const FORGED_TERM = 50_000

/**
 * A frame for a node that no honest one sends: of a stranger, under another's name, for another node, with a term or
 * a commit index that cannot be.
 */
export function forgedFrame(
  chance: Chance,
  to: RaftId,
  { id: group, hard, last, leader, replica }: Readonly<HostedGroup>,
): { readonly from: RaftId; readonly frame: Uint8Array } {
  const members = replica?.membership.voters.filter((voter) => voter !== to) ?? []
  const member = members.length > 0 ? chance.pick(members) : STRANGER
  const vote = { type: TYPE.vote, to, term: FORGED_TERM, index: last + 1000, logTerm: FORGED_TERM }
  const forged: readonly (readonly [RaftId, RawMessage])[] = [
    [STRANGER, { ...vote, from: STRANGER }],
    [STRANGER, { ...vote, from: member }],
    [member, { ...vote, from: STRANGER }],
    [STRANGER, { type: TYPE.append, to, from: STRANGER, term: FORGED_TERM, index: last, logTerm: hard.term }],
    [member, { ...vote, from: member, term: FORGED_TERM + 1_000_000 }],
    [member, { ...vote, from: member, to: STRANGER }],
    [
      leader ?? member,
      { type: TYPE.heartbeat, to, from: leader ?? member, term: hard.term, commit: last + 1000 },
    ],
  ]
  const [from, message] = chance.pick(forged)
  return { from, frame: encodeFrame([{ kind: 'message', group, bytes: messageOf(message) }]) }
}
