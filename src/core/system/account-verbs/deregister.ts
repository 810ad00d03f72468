import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { freeStake, unstake } from '../../ledger/stake.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'

/**
 * Is no verifier any more; the free stake begins to unbond. Seats that it has stay valid, and what they lock is free stake when they open: UNSTAKE then.
 * Its standing stays on record. Rejects NOT_IN_COMMITTEE for who is none, RATE_LIMITED as UNSTAKE. Source: economy.md, "Pools, reputation, committees".
 */
export function deregister(
  turn: Turn,
  { body }: SingleEnvelope<'DEREGISTER'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const agent = turn.agent(body.sender)
  if (agent === undefined || agent.judges.length === 0) return reject('NOT_IN_COMMITTEE', 'no verifier')
  turn.putAgent(body.sender, { ...agent, judges: [] })
  const free = freeStake(turn.book.account(body.sender))
  if (free === 0n) return ok(undefined)
  return unstake(turn.book, body.sender, free, now.clock + turn.settings.parameters.unbondingMs)
}
