import type { Did } from '../../model/ids.ts'
import type { Micro } from '../../model/micro.ts'
import type { Parameters } from '../../model/parameters.ts'
import type { TaskClass } from '../../model/task.ts'
import type { ChallengeState, NeedState } from './transitions.ts'

/** The records of one bucket. Keys of all but `bucket` and `parameters` begin with the text of a need's id. */
export type BucketTables = {
  /** One record, under the empty key. */
  readonly bucket: BucketRecord
  /** What never changes of a need; `termsOf` puts it together. Kept for ever. */
  readonly terms: KeptTerms
  /** By the hash of their wire form; kept for ever, one for each set that needs were opened with. */
  readonly parameters: Parameters
  /** What changes; a need that is over keeps it for ever, without what only a living one needs. */
  readonly needs: Need
  /** Every envelope of a need's history, in the order of the history; forgotten when it is over. */
  readonly envelopes: readonly Carried[]
  /** By `committeeKey`; forgotten when the need is over. */
  readonly committees: Committee
  /** By need and CHALLENGE_COMMIT; forgotten when the need is over. */
  readonly challenges: Challenge
  /** Bytes of a need's DecideRecord and FinalizeRecords, by `recordKey`; kept for ever. */
  readonly records: Uint8Array
}

/** A point in slot time. Windows count from it by `elapsed`, deadlines by `time`. */
export type Moment = {
  readonly slot: number
  /** Milliseconds since 1970, of the slot. */
  readonly time: number
  /** Of the slot. */
  readonly clock: number
  /** What the bucket's windows had stood still by then, ms. */
  readonly paused: number
}

/** Time in which windows stood still: slot clock from the last entry of one leader to the first of the next. */
export type Pause = {
  readonly from: number
  readonly to: number
  /** `paused` of the bucket before it, ms. */
  readonly before: number
}

/** Who raised a fence epoch that no voter proposed to. */
export const GOVERNANCE = 'governance'

export type BucketRecord = {
  readonly bucket: number
  readonly generation: number
  /** 0 before the first raise. */
  readonly fenceEpoch: number
  /** The last raise; absent before. */
  readonly raised?: { readonly slot: number; readonly by: Did | typeof GOVERNANCE; readonly reason: string }
  /** The last slot that a command named, and its clock; 0 before. */
  readonly slot: number
  readonly clock: number
  /** For how long windows have stood still in all, ms. */
  readonly paused: number
  /** The last of those times, in order; absent before the first. */
  readonly pauses?: readonly Pause[]
  /** When the last leader began; absent before the first said so. */
  readonly led?: Moment
}

export type Terms = {
  readonly thread: string
  readonly requester: Did
  readonly taskClass: TaskClass
  readonly budget: Micro
  readonly capability: string
  /** Empty: anybody may bid. */
  readonly invited: readonly Did[]
  readonly improvingRounds: number
  readonly isCommitReveal: boolean
  /** Bytes of the CID of an input that voters must hold; absent where it is small or in the NEED itself. */
  readonly input?: Uint8Array
  /** Text of the capsule's CID; empty: none. */
  readonly capsule: string
  readonly parameters: Parameters
  /** Slot in which it was escrowed: registry records are from then on. */
  readonly escrowed: number
  /** Length of the deadline, ms. */
  readonly deadlineMs: number
  readonly eligible: number
  readonly isBootstrap: boolean
  readonly kPlan: number
}

/** With the key of its parameters. */
export type KeptTerms = Omit<Terms, 'parameters'> & { readonly parameters: string }

export type Need = {
  readonly state: NeedState
  /** Of its chain of hashes. */
  readonly head: Uint8Array
  readonly attempt: number
  readonly bidRound: number
  /** Rounds without a bid so far. */
  readonly emptyRounds: number
  /** When what it waits for began: bids, the head's reveal, the claim window, judging. */
  readonly since: Moment
  /** Slot time at which it expires unless the work is delivered. */
  readonly deadline: number
  readonly kResult: number
  /** Upheld challenges so far. */
  readonly upheld: number
  /** Best first; from DECIDE on the succession: the first is the worker whose turn it is. */
  readonly ranking: readonly Bid[]
  /** Of the bids of earlier, improving rounds; 0 in the first. */
  readonly bestScore: number
  /** Bidders whose bonds the hub was asked for. */
  readonly asked: readonly Did[]
  /** An answer of the hub is under way without which the need does not go on. */
  readonly awaits?: 'reserved' | 'refilled'
  /** Everybody who ever bid: never seated. */
  readonly bidders: readonly Did[]
  /** The plan of the head of the ranking, once an entry carried it. */
  readonly revealed?: { readonly proposal: string; readonly plan: Uint8Array; readonly at: Moment }
  /** The one DECIDE. */
  readonly decision?: Decision
  readonly lease?: Lease
  readonly commit?: Commit
  readonly finalized?: { readonly record: string; readonly at: Moment }
  /** Rejected workers whose penalty is still to be sent. */
  readonly rejections: readonly RejectedWork[]
  /** Ids of CHALLENGE_COMMITs, in the order of the log. */
  readonly challenges: readonly string[]
  /** Seats of earlier attempts that were wrong: never seated again. */
  readonly wrong: readonly Did[]
  /** Set by the hub's last word: position of that item in the log, and whether the certificate has been recorded. */
  readonly over?: { readonly position: number; readonly isCertified: boolean }
}

export type Decision = {
  /** Text of the DecideRecord's id. */
  readonly record: string
  readonly proposal: string
  readonly fenceEpoch: number
}

export type Bid = {
  /** Text of the PROPOSE's id. */
  readonly proposal: string
  readonly bidder: Did
  readonly cost: Micro
  readonly eta: number
  readonly ttl: number
  readonly interval: number
  readonly round: number
  readonly score: number
  readonly reputation: number
  /** What REVEAL_PLAN opens; absent where the plan was shown. */
  readonly sealed?: Uint8Array
  /** Hash of a plan that was shown. */
  readonly shown?: Uint8Array
  readonly isReserved: boolean
}

export type Lease = {
  /** Text of the record that granted it: what a fence token names. */
  readonly id: string
  readonly worker: Did
  readonly proposal: string
  readonly ttl: number
  readonly interval: number
  readonly granted: Moment
  /** The bucket's when the record was made: raising it later takes nothing away. */
  readonly fenceEpoch: number
  /** Heartbeats that entries carried; absent where none did. */
  readonly beats?: readonly Beat[]
}

export type Beat = {
  /** Text of the HEARTBEAT's id. */
  readonly id: string
  /** Slot clocks at which voters say that they saw it. */
  readonly clocks: readonly number[]
  /** Further time that it asks for, ms. */
  readonly extend: number
}

export type Commit = {
  readonly id: string
  readonly worker: Did
  readonly proposal: string
  /** Text of the artifact's CID. */
  readonly artifact: string
  readonly at: Moment
}

export type RejectedWork = {
  readonly attempt: number
  readonly worker: Did
  /** The seats found it wrong (its bond is slashed), or could not have it. */
  readonly isWrong: boolean
  readonly rejecting: readonly Did[]
  readonly at: Moment
  /** Its worker's challenge. */
  readonly challenge?: string
}

export type Choice = 'accept' | 'reject' | 'unavailable' | 'upheld' | 'rejected' | 'undecided'

/** A seat's verdict that an entry carried. `on`: the proposal, COMMIT or challenge that it judges. */
export type Vote = {
  readonly seat: Did
  readonly on: string
  readonly choice: Choice
  /** Text of the envelope's id. */
  readonly id: string
}

export type Committee = {
  readonly role: 'plan' | 'result' | 'challenge'
  readonly attempt: number
  readonly challenge?: string
  readonly k: number
  /** In the order of seating, who was silent included. */
  readonly seats: readonly Did[]
  /** Seats whose time ran out. */
  readonly silent: readonly Did[]
  /** Waves that were asked for after the first seats. */
  readonly waves: number
  /** A draw is under way. */
  readonly isDrawing: boolean
  readonly isUsedUp: boolean
  /** When the last seats were named. */
  readonly since: Moment
  readonly isCommitReveal: boolean
  readonly commitments: readonly { readonly seat: Did; readonly hash: Uint8Array }[]
  /** When the last `reveal` said that verdicts may be shown; absent before, and again from a further wave on. */
  readonly revealing?: Moment
  readonly votes: readonly Vote[]
  /** A larger committee was asked for, because no rule decides. */
  readonly isEscalated: boolean
}

export type Challenge = {
  readonly challenger: Did
  readonly attempt: number
  /** Of a FINALIZE, or by the worker of a rejection. */
  readonly against: 'finalize' | 'reject'
  readonly bond: Micro
  /** Commitment to what CHALLENGE says. */
  readonly hash: Uint8Array
  /** Closed ones have an outcome. */
  readonly state: ChallengeState
  /** When its present state began; of one in review, when it was shown. */
  readonly at: Moment
}

export type Carried = {
  readonly id: string
  /** SHA-256 of the envelope with its signature, in its single form. */
  readonly hash: Uint8Array
}

export function committeeKey(need: string, role: Committee['role'], which: number | string): string {
  return `${need} ${role} ${which}`
}

export function challengeKey(need: string, challenge: string): string {
  return `${need} ${challenge}`
}

/** `decide`, or `finalize` with the attempt. */
export function recordKey(need: string, record: 'decide' | `finalize ${number}`): string {
  return `${need} ${record}`
}
