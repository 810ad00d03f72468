import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Rejection } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import { transfer } from '../../ledger/credits.ts'
import type { Turn } from '../turn.ts'

/** Rejects INSUFFICIENT_FUNDS. Source: economy.md, "Ledger". */
export function transferCredits(
  turn: Turn,
  { body }: SingleEnvelope<'TRANSFER'>,
): Result<undefined, Rejection> {
  const { to, amount } = body.payload
  return transfer(turn.book, body.sender, to, BigInt(amount))
}
