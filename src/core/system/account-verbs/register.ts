import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { stake } from '../../ledger/stake.ts'
import type { SlotFacts } from '../../records/world.ts'
import { judgeRecordSize, newAgent } from '../agents.ts'
import { claimsOf } from '../claims.ts'
import type { Agent } from '../tables.ts'
import type { Turn } from '../turn.ts'

/**
 * Becomes a verifier, or changes what it said; the stake is added to what there is. Organisation, autonomous system and region count where a credential of an
 * attestor says the same; what was once attested stays until another is. Who comes back has its old reputation, and the recency of
 * who is new. Rejects INSUFFICIENT_FUNDS, also under the minimum stake; TOO_LARGE. Source: economy.md, "Pools, reputation, committees".
 */
export function register(
  turn: Turn,
  { body }: SingleEnvelope<'REGISTER'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { payload, sender } = body
  const { parameters } = turn.settings
  const staked = stake(turn.book, sender, BigInt(payload.stake))
  if (!staked.ok) return staked
  const { stake: whole } = turn.book.account(sender)
  if (whole < parameters.verifierStakeMinMicro) {
    return reject(
      'INSUFFICIENT_FUNDS',
      `a verifier stakes ${parameters.verifierStakeMinMicro}`,
      'payload.stake',
    )
  }
  const known = turn.agent(sender) ?? newAgent(false, now.time, parameters)
  const attested = claimsOf(turn, sender, payload.credentials ?? [], now)
  const recencyPpm =
    known.judges.length > 0 ? known.recencyPpm : Math.min(known.recencyPpm, parameters.recencyStartPpm)
  const next: Agent = {
    ...known,
    judges: payload.capabilities.toSorted(),
    recencyPpm,
    ...(payload.org_id !== undefined && attested.org === payload.org_id ? { org: payload.org_id } : {}),
    ...(payload.asn !== undefined && attested.asn === payload.asn ? { asn: payload.asn } : {}),
    ...(payload.region !== undefined && attested.region === payload.region ? { region: payload.region } : {}),
  }
  const sized = judgeRecordSize(turn, sender, next)
  if (!sized.ok) return sized
  turn.putAgent(sender, next)
  return ok(undefined)
}
