import { evidenceReport, type HubCommandOf } from '../../../codec/entry/hub-command.ts'
import type { Rejection } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import { checkStatement } from '../../records/voter-statement.ts'
import type { SlotFacts } from '../../records/world.ts'
import { convictOf } from '../evidence/convict.ts'
import { doubleSigningBy } from '../evidence/double-signing.ts'
import { equivocationBy } from '../evidence/equivocation.ts'
import { applyLink } from '../evidence/related-parties.ts'
import type { Turn } from '../turn.ts'

/**
 * Proof of what nobody honest does, brought by anybody: 100% of the stake, once for the same thing; or that two accounts belong together. Without valid evidence no
 * slash. Who reports it signs that; evidence is public, so of several reports the first that is applied counts. Rejects BAD_SIGNATURE, BAD_KEY for a reporter. Source: consensus.md, "Certificates"; protocol.md, "Envelope"; economy.md, "Stake and slashing", "Pools, …".
 */
export function applyEvidence(
  turn: Turn,
  command: HubCommandOf<'evidence'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { what, evidence, reporter } = command
  if (reporter !== undefined) {
    const said = { voter: reporter.did, body: evidenceReport(command, turn.world.sha256), s: reporter.s }
    const checked = checkStatement('evidence-report', said, turn.world)
    if (!checked.ok) return checked
  }
  if (what === 'related-parties') return applyLink(turn, evidence)
  const found =
    what === 'double-signing' ? doubleSigningBy(turn, evidence) : equivocationBy(turn, evidence, now)
  return found.ok ? convictOf(turn, found.value, reporter?.did, now) : found
}
