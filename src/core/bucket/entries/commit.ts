import { cidOf, envelopeIdOf, RAW } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { assert } from '../../../model/fault.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { newCommittee } from '../committee.ts'
import { drawResultSeats } from '../draws.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import { judgeHave, UNPINNED_BYTES_MAX } from '../voters.ts'

/**
 * The holder delivers; judging begins. A lease ends by a `release` that was applied, not by time alone. Rejects as
 * `judgeCommit`, and as `judgeHave` for content of many bytes. Source: lifecycle.md, "Entries of a need" (`commit`).
 */
export function applyCommit(
  turn: NeedTurn,
  { envelope, have }: BucketCommandOf<'commit'>,
): Result<Uint8Array, Rejection> {
  const opened = turn.carry(envelope)
  if (!opened.ok) return opened
  const judged = judgeCommit(turn, opened.value)
  if (!judged.ok) return judged
  const { artifact } = judged.value.body.payload
  if ('cid' in artifact && artifact.size > UNPINNED_BYTES_MAX) {
    const rejection = judgeHave(turn, artifact.cid.bytes, have)
    if (rejection !== undefined) return { ok: false, error: rejection }
  }
  const { lease } = turn.need
  assert(lease !== undefined, 'who is CLAIMED has a lease')
  const content = 'cid' in artifact ? artifact.cid : cidOf(artifact.inline, turn.world.sha256, RAW)
  turn.update({
    state: 'COMMITTED',
    since: turn.now,
    commit: {
      id: opened.value.id,
      worker: lease.worker,
      proposal: lease.proposal,
      artifact: content.toString(),
      at: turn.now,
    },
  })
  callSeats(turn)
  return ok(NOTHING)
}

/** Class simple has its first seats since `open`; all others are drawn now, so that nobody knew them. */
function callSeats(turn: NeedTurn): void {
  const { need, terms, now } = turn
  const known = turn.committee('result', need.attempt)
  if (known !== undefined) turn.putCommittee({ ...known, since: now })
  else {
    const { attempt, kResult } = need
    turn.putCommittee(
      newCommittee({ role: 'result', attempt, k: kResult, isCommitReveal: terms.isCommitReveal, since: now }),
    )
    drawResultSeats(turn, 0, kResult)
  }
}

/**
 * Whether this is a COMMIT that would be taken now. Rejects MALFORMED for another verb, STALE_ATTEMPT, NOT_LEASE_HOLDER for
 * another sender, STALE_EPOCH for a fence token that is not the lease's own, TOO_LARGE for an artifact beyond what voters pin,
 * and what the capsule denies.
 */
export function judgeCommit(
  turn: NeedTurn,
  envelope: SingleEnvelope,
): Result<SingleEnvelope<'COMMIT'>, Rejection> {
  const { body } = envelope
  if (body.kind !== 'COMMIT') return reject('MALFORMED', `${body.kind} is no COMMIT`, 'envelope')
  const { payload, sender } = body
  const { need, bucket, terms } = turn
  const { lease } = need
  if (payload.attempt !== need.attempt) return reject('STALE_ATTEMPT', `this is attempt ${need.attempt}`)
  if (lease === undefined || lease.worker !== sender) {
    return reject('NOT_LEASE_HOLDER', `the lease is that of ${lease?.worker ?? 'nobody'}`)
  }
  const { fence } = payload
  const isCurrent =
    envelopeIdOf(payload.lease_id) === lease.id &&
    envelopeIdOf(fence.record) === lease.id &&
    fence.bucket === bucket.bucket &&
    fence.generation === bucket.generation &&
    fence.fence_epoch === lease.fenceEpoch
  if (!isCurrent) return reject('STALE_EPOCH', `the fence token of the lease names ${lease.id}`, 'fence')
  const { artifact } = payload
  if ('cid' in artifact && artifact.size > terms.parameters.artifactBytesMax) {
    return reject('TOO_LARGE', `voters pin at most ${terms.parameters.artifactBytesMax} bytes`, 'artifact')
  }
  const judged = turn.world.judge(terms.capsule, envelope, turn.slot.n)
  return judged.ok ? ok(envelope as SingleEnvelope<'COMMIT'>) : judged
}
