import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import { judgeRecordSize, newAgent } from '../agents.ts'
import { claimsOf } from '../claims.ts'
import type { Agent } from '../tables.ts'
import type { Turn } from '../turn.ts'

/** Says what the sender offers, in place of what it said before. Rejects CONFLICT for a version that does not rise, TOO_LARGE. Source: economy.md, "Registry, …". */
export function manifest(
  turn: Turn,
  { id, body }: SingleEnvelope<'MANIFEST'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { payload, sender } = body
  const known = turn.agent(sender) ?? newAgent(false, now.time, turn.settings.parameters)
  const before = known.manifest?.version ?? 0
  if (payload.version <= before) return reject('CONFLICT', `version ${before} is in force`, 'payload.version')
  const next: Agent = {
    ...known,
    ...claimsOf(turn, sender, payload.credentials ?? [], now),
    offers: payload.capabilities.map((offer) => offer.name).toSorted(),
    manifest: { id, version: payload.version },
  }
  const sized = judgeRecordSize(turn, sender, next)
  if (!sized.ok) return sized
  turn.putAgent(sender, next)
  return ok(undefined)
}
