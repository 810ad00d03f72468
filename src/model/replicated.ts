import type { GroupId, LogIndex } from './raft.ts'
import type { RejectionCode } from './rejection.ts'

/**
 * What makes a command the same command when it is proposed again, on any node: the group's position at which
 * it was made, and a key of 1 to 64 bytes that its maker chose. A group remembers what came of a command for at most
 * `REMEMBERED_POSITIONS` after `born`, and refuses it later: so at most one effect, with bounded memory. When its nodes
 * run short of memory it forgets sooner, by an entry.
 */
export interface Ticket {
  /** Integer in [0, 2^53): how many commands the group had applied, as far as the maker knew. */
  readonly born: number
  readonly key: Uint8Array
}

/** Positions after `born` in which a command may be applied, and in which its outcome is remembered, at most. */
export const REMEMBERED_POSITIONS = 65_536

export const TICKET_KEY_BYTES_MAX = 64

/** What the state machine made of a command: the same on every replica. Bytes: at most RESULT_BYTES_MAX. */
export type Verdict =
  | { readonly kind: 'applied'; readonly result: Uint8Array }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly message: string }

export const RESULT_BYTES_MAX = 65_536

export const REJECTION_MESSAGE_BYTES_MAX = 1024

/**
 * What a proposer learns. A verdict is final. `refused`: this attempt has no effect and never will have, earlier
 * attempts with the same ticket are as they were. `unknown`: nobody can say; the same ticket may be proposed again.
 * Source: consensus.md, "The raft host".
 */
export type Outcome =
  | { readonly kind: 'settled'; readonly verdict: Verdict; readonly index: LogIndex }
  | { readonly kind: 'refused'; readonly why: RefusedWhy; readonly detail: string }
  | { readonly kind: 'unknown' }

/**
 * Why an attempt was not taken: queue-full, no-room (the disk), no-leader (for longer than is waited),
 * uncommitted (too much is waiting for a quorum), too-large, expired (its ticket), unknown-group, halted, stopping.
 * All but too-large, expired and unknown-group may be tried again later.
 */
export const REFUSED_WHY = [
  'queue-full',
  'no-room',
  'no-leader',
  'uncommitted',
  'too-large',
  'expired',
  'unknown-group',
  'halted',
  'stopping',
] as const

export type RefusedWhy = (typeof REFUSED_WHY)[number]

/** Whether another node, or the same one later, may take what was refused: the same ticket again. */
export function isSafeRetry(why: RefusedWhy): boolean {
  return why !== 'too-large' && why !== 'expired'
}

/** What an applied command of one group asks of another: at most EFFECT_BYTES_MAX. */
export interface Effect {
  readonly target: GroupId
  readonly body: Uint8Array
}

/**
 * Room for the largest that hub and buckets send: `paid` with all its movements, `end` with all its seats, and `open` with a
 * NEED of 64 KiB, its parameters, and two draws with all their seats and skips.
 */
export const EFFECT_BYTES_MAX = 524_288

/** Consecutive effects of one group for another, the first of which has number `first`. */
export interface EffectBatch {
  readonly source: GroupId
  readonly target: GroupId
  /** The network's: effects of another one do not count. */
  readonly generation: number
  /** Numbers begin at 1. */
  readonly first: number
  readonly bodies: readonly Uint8Array[]
  /** Answers up to this number have arrived and need not be kept. */
  readonly answered: number
  /** What proves it to those who do not trust the sender: a certificate and paths; empty where none is asked for. */
  readonly proof: Uint8Array
}

/** What became of consecutive effects, for the group that they came from. */
export interface AnswerBatch {
  /** The group that applied the effects. */
  readonly source: GroupId
  /** The group that gets the answers. */
  readonly target: GroupId
  readonly generation: number
  readonly first: number
  readonly verdicts: readonly Verdict[]
  readonly proof: Uint8Array
}

/** One leaf of a group's log: what a turn of proposals puts together in one entry. */
export type EntryItem =
  | { readonly kind: 'command'; readonly ticket: Ticket; readonly body: Uint8Array }
  | { readonly kind: 'effects'; readonly batch: EffectBatch }
  | { readonly kind: 'answers'; readonly batch: AnswerBatch }
  /** A certificate of one of the group's own sizes, encoded: recorded when it is the first that is needed. */
  | { readonly kind: 'cert'; readonly certificate: Uint8Array }
  /** Outcomes of what was applied at positions below it are forgotten: memory is short. */
  | { readonly kind: 'forget'; readonly below: number }
