import type { LogIndex, RaftId, Term } from '../../model/raft.ts'
import type { MessageHead } from '../../ports/consensus-engine.ts'

/** What is known here of the group that a message is for. */
export interface AdmissionView {
  readonly self: RaftId
  /** By whose stream it came. */
  readonly sender: RaftId
  readonly isMember: boolean
  readonly term: Term
  readonly last: LogIndex
  readonly commit: LogIndex
  readonly termJumpMax: number
}

/** Why a message is dropped before the engine sees it. */
export type Unfit =
  | 'not-for-us'
  | 'wrong-sender'
  | 'not-a-member'
  | 'term-jump'
  | 'commit-beyond-log'
  | 'forwarded'

/**
 * Raft is not built for liars: what cannot be true, or is not the sender's to say, never reaches the engine.
 * A heartbeat's commit is at most what this replica acknowledged, so it lies in the log; an append's commit may
 * be ahead of the entries it brings, which the engine heeds itself. Hosts do not pass raft proposals on.
 * Source: consensus.md, "The engine"; raft-host-catalogue V1, V2.
 */
export function judgeMessage(head: MessageHead, view: AdmissionView): Unfit | undefined {
  if (head.to !== view.self) return 'not-for-us'
  if (head.from !== view.sender) return 'wrong-sender'
  if (!view.isMember) return 'not-a-member'
  if (head.term > view.term + view.termJumpMax) return 'term-jump'
  if (head.type === 'heartbeat' && head.commit > view.last) return 'commit-beyond-log'
  if (head.type === 'propose') return 'forwarded'
  return undefined
}

/** These alone are suspicious: the others happen to honest nodes while memberships change. */
export function isSuspicious(unfit: Unfit): boolean {
  return unfit !== 'not-a-member'
}
