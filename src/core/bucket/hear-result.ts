import type { Ipld } from '../../codec/ipld.ts'
import { assert } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { hear, slashEquivocation, type Tally, tally } from './committee.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Commit, Committee } from './tables.ts'

/**
 * The verdicts on the present result, those of this entry included; nothing of it is written yet but slashes for
 * equivocation. Rejects as `carryAll`, and as a strict `hear`.
 */
export function hearResult(
  turn: NeedTurn,
  verdicts: readonly Ipld[],
): Result<{ readonly committee: Committee; readonly counted: Tally; readonly commit: Commit }, Rejection> {
  const opened = turn.carryAll(verdicts)
  if (!opened.ok) return opened
  const { commit } = turn.need
  assert(commit !== undefined, 'what is COMMITTED has a COMMIT')
  const before = turn.seated('result')
  const heard = hear(turn, before, commit.id, opened.value, 'strict')
  if (!heard.ok) return heard
  slashEquivocation(turn, before, heard.value)
  return ok({ committee: heard.value, counted: tally(heard.value, commit.id), commit })
}
