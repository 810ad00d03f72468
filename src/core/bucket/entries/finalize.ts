import { cidOf, envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { idsOn, sideOf } from '../committee.ts'
import { finalizeRecord } from '../decision-records.ts'
import { hearResult } from '../hear-result.ts'
import { cidOfId, type NeedTurn } from '../need-turn.ts'
import { recordKey } from '../tables.ts'

/**
 * K_result seats accept the result, once: the time for challenges begins. The result is the FinalizeRecord. Rejects as
 * `hearResult`, CONFLICT for fewer than K_result. Source: lifecycle.md, "Entries of a need" (`finalize`).
 */
export function applyFinalize(
  turn: NeedTurn,
  command: BucketCommandOf<'finalize'>,
): Result<Uint8Array, Rejection> {
  const heard = hearResult(turn, command.verdicts)
  if (!heard.ok) return heard
  const { committee, counted, commit } = heard.value
  const accepting = sideOf(counted, 'accept')
  if (accepting.length < committee.k) {
    return reject('CONFLICT', `${accepting.length} seats accept, and ${committee.k} must`, 'verdicts')
  }
  const { need, terms, world } = turn
  assert(need.decision !== undefined, 'a result follows from a DECIDE')
  const record = finalizeRecord({
    need: turn.id,
    attempt: need.attempt,
    proposal: cidOfId(commit.proposal),
    worker: commit.worker,
    artifact: commit.artifact,
    attestations: idsOn(committee, commit.id, accepting),
    kResult: committee.k,
    capsule: terms.capsule,
    decide: cidOfId(need.decision.record),
    slot: turn.slot.n,
  })
  turn.putCommittee(committee)
  turn.draft.put('records', recordKey(turn.key, `finalize ${need.attempt}`), record)
  const id = envelopeIdOf(cidOf(record, world.sha256))
  turn.update({ state: 'FINAL', finalized: { record: id, at: turn.now }, since: turn.now })
  return ok(record)
}
