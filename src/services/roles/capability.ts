import type { CID } from '../../codec/cid.ts'
import type { Offer } from '../../core/agent/worker.ts'
import type { Runner } from '../../ports/runner.ts'

/** What an operator attached: one capability, how it is done here, and what for. */
export interface Capability {
  /** Unique among those of a node. */
  readonly name: string
  readonly offer: Offer
  /** Does the task, and does it again when it judges. Of the caller, who closes it after `detach`. */
  readonly runner: Runner
  /** Gives a verdict in mode `judge`: see `judgeByCommand`. Absent: it cannot judge such needs. */
  readonly judge?: Runner
  /** Ids of the NEEDs that an attempt's result was made from. Absent: of none. See `Aggregator`. */
  readonly subNeedsOf?: (need: string, attempt: number) => readonly CID[]
  /** Tasks at once, of work and of judging each. */
  readonly parallelMax: number
  /** Further needs that it bids for or has won while all of these are busy. */
  readonly queueMax: number
  readonly works: boolean
  readonly judges: boolean
  /** What of it is decided by hand (`Roles.act`): it bids, works and judges not by itself. Absent: nothing. */
  readonly byHand?: true
  /** It looks at accepted results of others, and challenges wrong ones, where the challenger is switched on. Absent: no. */
  readonly challenges?: boolean
}

/** How an attached capability is doing. */
export interface CapabilityStatus {
  readonly running: number
  readonly done: number
  readonly failed: number
  /** Of the last failure, for people. */
  readonly lastError?: string
}
