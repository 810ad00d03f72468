/**
 * What an entry carries beside what it is about. A leader must not make something that was said in time disappear by
 * carrying it in an entry that does nothing with it: what has an entry of its own goes first, verdicts and heartbeats are
 * kept. Source: consensus.md, "Buckets"; lifecycle.md, "Entries of a need" (seen).
 */
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { judgeProof } from '../challenge/proof.ts'
import { hear, slashEquivocation, wordOf } from './committee.ts'
import { findCommitment } from './entries/challenge.ts'
import { judgeClaim } from './entries/claim.ts'
import { judgeCommit } from './entries/commit.ts'
import { judgeYield } from './entries/yield.ts'
import { beatsOf } from './heartbeats.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Committee } from './tables.ts'
import type { Sightings } from './voters.ts'

/**
 * Keeps the verdicts and heartbeats among the entry's envelopes. Rejects CONFLICT where one of them would be accepted as an
 * entry of its own now: a CANCEL, CLAIM, COMMIT, YIELD or CHALLENGE.
 */
export function judgeByCatch(turn: NeedTurn, sightings: Sightings): Rejection | undefined {
  const waiting = turn.opened.find((envelope) => hasOwnEntry(turn, envelope))
  if (waiting !== undefined) {
    return reject('CONFLICT', `${waiting.body.kind} ${waiting.id} has an entry of its own`).error
  }
  hearAll(turn)
  const { lease, state } = turn.need
  if (state === 'CLAIMED' && lease !== undefined) {
    turn.update({ lease: { ...lease, beats: beatsOf(turn, lease, turn.opened, sightings) } })
  }
  return undefined
}

function hasOwnEntry(turn: NeedTurn, envelope: SingleEnvelope): boolean {
  const { need, terms } = turn
  const { body } = envelope
  if (body.kind === 'CHALLENGE') {
    const found = findCommitment(turn, body)
    const { taskClass, parameters } = terms
    return (
      found !== undefined &&
      judgeProof(body.payload, found.challenge.bond, taskClass, parameters) === undefined
    )
  }
  if (need.state === 'OPEN') return body.kind === 'CANCEL' && body.sender === terms.requester
  if (need.state === 'DECIDED') return judgeClaim(turn, envelope).ok
  if (need.state !== 'CLAIMED') return false
  return judgeCommit(turn, envelope).ok || judgeYield(turn, envelope) === undefined
}

/** Verdicts count with the committee that they are for, whichever entry carries them. */
function hearAll(turn: NeedTurn): void {
  for (const { committee, on } of judgingNow(turn)) {
    const heard = hear(turn, committee, on, turn.opened, 'all')
    if (!heard.ok || heard.value.votes.length === committee.votes.length) continue
    slashEquivocation(turn, committee, heard.value)
    turn.putCommittee(heard.value)
  }
}

/** Each committee with what it judges; read again for each, as one may judge several plans. */
function* judgingNow(turn: NeedTurn): Generator<{ readonly committee: Committee; readonly on: string }> {
  const { need } = turn
  if (need.state === 'RANKED') {
    const judged = new Set(turn.opened.map((envelope) => wordOf(envelope, turn.world)?.vote.on))
    for (const { proposal } of need.ranking) {
      if (judged.has(proposal)) yield { committee: turn.seated('plan'), on: proposal }
    }
  }
  if (need.state === 'COMMITTED' && need.commit !== undefined) {
    yield { committee: turn.seated('result'), on: need.commit.id }
  }
  for (const on of need.challenges) {
    const committee = turn.committee('challenge', on)
    if (committee !== undefined && turn.challenge(on)?.state === 'revealed') yield { committee, on }
  }
}
