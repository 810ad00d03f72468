import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { partOf, slashable, slashSplit, slashStake } from '../../ledger/slash.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'

/** Who did it, and a name for the very thing: the same evidence slashes once. */
export interface Offence {
  readonly account: string
  readonly what: string
}

/**
 * Slashes all of the stake; who reported it gets a challenger's part. Rejects DUPLICATE for what it was convicted of, INSUFFICIENT_FUNDS where there is nothing to
 * take (so that convictions in state are paid for). Locks of other needs are reached as they open.
 */
export function convictOf(
  turn: Turn,
  { account, what }: Offence,
  reporter: string | undefined,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { book, draft, network, settings } = turn
  if (draft.get('convictions', what) !== undefined) return reject('DUPLICATE', 'convicted of it already')
  const whole = slashable(book.account(account))
  if (whole === 0n) return reject('INSUFFICIENT_FUNDS', 'nothing is staked')
  book.causedBy(what)
  const { parameters } = settings
  const challenger = reporter === account ? undefined : reporter
  const split = slashSplit(network.isBootstrap, parameters)
  slashStake(book, account, 0n, partOf(whole, parameters.slashEquivocationPpm), challenger, split)
  draft.put('convictions', what, now.n)
  return ok(undefined)
}
