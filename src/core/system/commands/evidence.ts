import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import type { Rejection } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import { convictOf } from '../evidence/convict.ts'
import { doubleSigningBy } from '../evidence/double-signing.ts'
import { equivocationBy } from '../evidence/equivocation.ts'
import { applyLink } from '../evidence/related-parties.ts'
import type { Turn } from '../turn.ts'

/**
 * Proof of what nobody honest does, brought by anybody: 100% of the stake, once for the same thing; or that two accounts belong together. Without valid evidence no
 * slash. Source: consensus.md, "Certificates"; protocol.md, "Envelope"; economy.md, "Stake and slashing", "Pools, …".
 */
export function applyEvidence(
  turn: Turn,
  command: HubCommandOf<'evidence'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { what, evidence, reporter } = command
  if (what === 'related-parties') return applyLink(turn, evidence)
  const found =
    what === 'double-signing' ? doubleSigningBy(turn, evidence) : equivocationBy(turn, evidence, now)
  return found.ok ? convictOf(turn, found.value, reporter, now) : found
}
