import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeByCatch } from '../by-catch.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import type { Committee } from '../tables.ts'
import { readSeen } from '../voters.ts'

/**
 * Verdicts may be shown now: all seats have committed themselves to one, or their time is over. From here on a seat shows
 * what it committed to, and who did not commit is silent. Rejects CONFLICT where verdicts are not committed to, or are
 * shown already, WINDOW_CLOSED while seats may still commit, and as `readSeen`.
 * Source: lifecycle.md, "Entries of a need" (`reveal`); economy.md, "Pools" (Verdicts are not copied).
 */
export function applyReveal(
  turn: NeedTurn,
  command: BucketCommandOf<'reveal'>,
): Result<Uint8Array, Rejection> {
  const before = turn.seated('result')
  if (!before.isCommitReveal || before.revealing !== undefined || before.isDrawing) {
    return reject('CONFLICT', 'no commitments are waited for')
  }
  const opened = turn.carryAll(command.commitments)
  if (!opened.ok) return opened
  const committee = withCommitments(turn, before, opened.value)
  const open = before.seats.filter(
    (seat) => !before.silent.includes(seat) && !committee.commitments.some((one) => one.seat === seat),
  )
  if (open.length > 0) {
    const sightings = readSeen(turn, command.seen)
    if (!sightings.ok) return sightings
    const rejection = judgeByCatch(turn, sightings.value)
    if (rejection !== undefined) return { ok: false, error: rejection }
    if (turn.elapsed(before.since, sightings.value.until) < turn.terms.parameters.attestWindowMs) {
      return reject('WINDOW_CLOSED', `${open.length} seats may still commit`)
    }
  }
  turn.putCommittee({ ...committee, revealing: turn.now })
  return ok(NOTHING)
}

/** The first commitment of a seat on this result binds it. */
function withCommitments(
  turn: NeedTurn,
  committee: Committee,
  envelopes: readonly SingleEnvelope[],
): Committee {
  const { commit } = turn.need
  assert(commit !== undefined, 'what is COMMITTED has a COMMIT')
  const commitments = [...committee.commitments]
  for (const { body } of envelopes) {
    if (body.kind !== 'ATTEST_COMMIT' || !committee.seats.includes(body.sender)) continue
    if (envelopeIdOf(body.payload.commit_id) !== commit.id) continue
    if (commitments.some(({ seat }) => seat === body.sender)) continue
    commitments.push({ seat: body.sender, hash: body.payload.hash })
  }
  return { ...committee, commitments }
}
