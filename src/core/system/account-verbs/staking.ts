/** Source: economy.md, "Stake and slashing". */
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Rejection } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { completeUnbonding, stake, unstake } from '../../ledger/stake.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'

type Done = Result<undefined, Rejection>

/** Rejects INSUFFICIENT_FUNDS. A verifier that has its minimum again is active again. */
export function stakeMore(turn: Turn, { body }: SingleEnvelope<'STAKE'>): Done {
  return stake(turn.book, body.sender, BigInt(body.payload.amount))
}

/** Rejects INSUFFICIENT_FUNDS for what seats lock, RATE_LIMITED. A verifier that falls under its minimum is not active any more. */
export function unstakeSome(turn: Turn, { body }: SingleEnvelope<'UNSTAKE'>, now: SlotFacts): Done {
  const until = now.clock + turn.settings.parameters.unbondingMs
  return unstake(turn.book, body.sender, BigInt(body.payload.amount), until)
}

/** Rejects WINDOW_CLOSED while nothing is due, or needs behind it are open. */
export function completeUnbondingOf(
  turn: Turn,
  { body }: SingleEnvelope<'COMPLETE_UNBONDING'>,
  now: SlotFacts,
): Done {
  const freed = completeUnbonding(turn.book, body.sender, now.clock)
  return freed.ok ? ok(undefined) : freed
}
