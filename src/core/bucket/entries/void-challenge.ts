import { envelopeIdOf } from '../../../codec/cid.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeProof } from '../../challenge/proof.ts'
import { judgeByCatch } from '../by-catch.ts'
import { closeChallenge } from '../challenges.ts'
import { hear, slashEquivocation, tally } from '../committee.ts'
import { decisionOf } from '../decision.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import type { Challenge } from '../tables.ts'
import { readSeen, type Sightings } from '../voters.ts'
import { findCommitment } from './challenge.ts'

/**
 * A challenge counts as rejected: it was not shown within one reveal window of its bond, or nothing decided it within
 * `escalationMs` of its CHALLENGE. Rejects CONFLICT where it waits for neither, a lawful CHALLENGE or K verdicts were seen,
 * WINDOW_CLOSED before that time, and as `readSeen`. Source: lifecycle.md, "Entries of a need"; economy.md, "Challenges".
 */
export function applyVoidChallenge(
  turn: NeedTurn,
  command: BucketCommandOf<'void-challenge'>,
): Result<Uint8Array, Rejection> {
  const id = envelopeIdOf(command.challenge)
  const challenge = turn.challenge(id)
  if (challenge === undefined || !WAITING.has(challenge.state)) {
    return reject('CONFLICT', 'no such challenge waits for anything', 'challenge')
  }
  const opened = turn.carryAll(command.carried)
  if (!opened.ok) return opened
  const sightings = readSeen(turn, command.seen)
  if (!sightings.ok) return sightings
  const first = judgeByCatch(turn, sightings.value)
  if (first !== undefined) return { ok: false, error: first }
  const rejection =
    challenge.state === 'committed'
      ? judgeHidden(turn, challenge, id, opened.value, sightings.value)
      : judgeUndecided(turn, challenge, id, opened.value, sightings.value)
  if (rejection !== undefined) return { ok: false, error: rejection }
  closeChallenge(turn, id, challenge, 'rejected')
  return ok(NOTHING)
}

const WAITING: ReadonlySet<Challenge['state']> = new Set(['committed', 'revealed', 'review'])

function judgeHidden(
  turn: NeedTurn,
  challenge: Challenge,
  id: string,
  envelopes: readonly SingleEnvelope[],
  { until }: Sightings,
): Rejection | undefined {
  const { taskClass, parameters } = turn.terms
  const isShown = envelopes.some(
    ({ body }) =>
      body.kind === 'CHALLENGE' &&
      findCommitment(turn, body)?.id === id &&
      judgeProof(body.payload, challenge.bond, taskClass, parameters) === undefined,
  )
  if (isShown) return reject('CONFLICT', 'the challenge has been shown').error
  return turn.elapsed(challenge.at, until) < parameters.revealWindowMs
    ? reject('WINDOW_CLOSED', 'the time to show it is not over').error
    : undefined
}

function judgeUndecided(
  turn: NeedTurn,
  challenge: Challenge,
  id: string,
  envelopes: readonly SingleEnvelope[],
  { until }: Sightings,
): Rejection | undefined {
  const { escalationMs } = turn.terms.parameters
  if (until.time < challenge.at.time + escalationMs) {
    return reject('WINDOW_CLOSED', `its last deadline is ${challenge.at.time + escalationMs}`).error
  }
  const before = turn.committee('challenge', id)
  // In review nobody waits for seats any more.
  if (before === undefined || challenge.state === 'review') return undefined
  const heard = hear(turn, before, id, envelopes, 'all')
  if (!heard.ok) return heard.error
  const decided = decisionOf(heard.value, id)
  if (decided === 'upheld' || decided === 'rejected')
    return reject('CONFLICT', `K seats say ${decided}`).error
  slashEquivocation(turn, before, heard.value)
  const { open } = tally(heard.value, id)
  turn.putCommittee({ ...heard.value, silent: [...heard.value.silent, ...open] })
  return undefined
}
