/** Seats, what they said, and what it comes to. Source: lifecycle.md, "Committees"; consensus.md, "Quorums". */
import { equalBytes } from '../../codec/bytes.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import type { ToBucketOf } from '../../codec/entry/effect.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { verdictCommitment } from '../../codec/payload/commitments.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { ROLE_SEATS_MAX } from '../market/quorum.ts'
import type { World } from '../records/world.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Choice, Committee, Moment, Vote } from './tables.ts'

type Drawn = Pick<ToBucketOf<'open'>['plan'], 'seats' | 'used_up'>

export interface CommitteeStart {
  readonly role: Committee['role']
  readonly attempt: number
  readonly challenge?: string
  readonly k: number
  readonly isCommitReveal: boolean
  /** Absent while the draw is under way. */
  readonly drawn?: Drawn
  readonly since: Moment
}

export function newCommittee({ drawn, ...start }: CommitteeStart): Committee {
  return {
    ...start,
    seats: drawn?.seats ?? [],
    silent: [],
    waves: 0,
    isDrawing: drawn === undefined,
    isUsedUp: drawn?.used_up ?? false,
    commitments: [],
    votes: [],
    isEscalated: false,
  }
}

/** Further seats, as the hub drew them. */
export function withSeats(committee: Committee, { seats, used_up }: Drawn, since: Moment): Committee {
  const { revealing: _, ...rest } = committee
  const news = seats.filter((seat) => !committee.seats.includes(seat))
  return {
    ...rest,
    seats: [...committee.seats, ...news],
    isDrawing: false,
    isUsedUp: used_up,
    since,
  }
}

/** Further seats that a role can have. */
export function roomOf({ isUsedUp, seats }: Committee): number {
  return isUsedUp ? 0 : Math.max(0, ROLE_SEATS_MAX - seats.length)
}

/** A seat's word in an envelope, before anybody asked whether it may say it. */
export interface Word {
  readonly vote: Vote
  /** What opens its commitment holds, where one was needed. */
  readonly opens: (hash: Uint8Array) => boolean
}

/** Of an ATTEST_PLAN, ATTEST or VERDICT; undefined for any other verb. */
export function wordOf({ id, body }: SingleEnvelope, { net, sha256 }: World): Word | undefined {
  const seat = body.sender
  if (body.kind === 'ATTEST_PLAN') {
    const { proposal_id, verdict } = body.payload
    return { vote: { seat, on: envelopeIdOf(proposal_id), choice: verdict, id }, opens: () => true }
  }
  if (body.kind === 'VERDICT') {
    const { challenge_id, outcome } = body.payload
    return { vote: { seat, on: envelopeIdOf(challenge_id), choice: outcome, id }, opens: () => true }
  }
  if (body.kind !== 'ATTEST') return undefined
  const { payload } = body
  const { salt } = payload
  return {
    vote: { seat, on: envelopeIdOf(payload.commit_id), choice: payload.verdict, id },
    opens: (hash) =>
      salt !== undefined && equalBytes(verdictCommitment(net, seat, payload, salt, sha256), hash),
  }
}

/**
 * Whether the word counts with this committee. Rejects NOT_IN_COMMITTEE for who has no seat (or lost it by silence),
 * CONFLICT for another proposal, COMMIT or challenge and for a verdict that its commitment does not hold, WINDOW_CLOSED for
 * one that is shown before all are committed.
 */
export function judgeWord(committee: Committee, on: string, { vote, opens }: Word): Rejection | undefined {
  const { seat } = vote
  if (!committee.seats.includes(seat) || committee.silent.includes(seat)) {
    return reject('NOT_IN_COMMITTEE', `${seat} has no seat here`).error
  }
  if (vote.on !== on) return reject('CONFLICT', `a verdict on ${vote.on}, not on ${on}`).error
  if (!committee.isCommitReveal) return undefined
  const commitment = committee.commitments.find((one) => one.seat === seat)
  if (commitment === undefined) return reject('WINDOW_CLOSED', `${seat} has not committed itself`).error
  return opens(commitment.hash)
    ? undefined
    : reject('CONFLICT', `${seat} shows another verdict than it committed to`).error
}

/** How the words of an entry are taken: `strict` refuses what does not count, `all` leaves it out. */
export type Hearing = 'strict' | 'all'

/**
 * The committee with the verdicts of these envelopes; a verdict that is known already changes nothing. A strict hearing
 * rejects as `judgeWord`, and MALFORMED for a verb that is no verdict.
 */
export function hear(
  turn: NeedTurn,
  committee: Committee,
  on: string,
  envelopes: readonly SingleEnvelope[],
  hearing: Hearing,
): Result<Committee, Rejection> {
  const votes = [...committee.votes]
  for (const envelope of envelopes) {
    const word = wordOf(envelope, turn.world)
    const rejection =
      word === undefined
        ? reject('MALFORMED', `${envelope.body.kind} is no verdict`).error
        : judgeWord(committee, on, word)
    if (rejection !== undefined && hearing === 'strict') return { ok: false, error: rejection }
    if (word === undefined || rejection !== undefined) continue
    if (!votes.some(({ id }) => id === word.vote.id)) votes.push(word.vote)
  }
  return ok({ ...committee, votes })
}

/** Seats that gave two different verdicts on one thing: counted with neither. Source: consensus.md, "Quorums". */
export function equivocating({ votes }: Pick<Committee, 'votes'>): ReadonlySet<Did> {
  const first = new Map<string, Choice>()
  const two = new Set<Did>()
  for (const { seat, on, choice } of votes) {
    const key = `${seat} ${on}`
    const known = first.get(key)
    if (known === undefined) first.set(key, choice)
    else if (known !== choice) two.add(seat)
  }
  return two
}

export interface Tally {
  /** Seats by what they said, each once, in the order in which entries carried it. */
  readonly by: ReadonlyMap<Choice, readonly Did[]>
  /** Seats that can still answer. */
  readonly open: readonly Did[]
}

/** What the committee said on one thing. */
export function tally(committee: Committee, on: string): Tally {
  const out = equivocating(committee)
  const by = new Map<Choice, Did[]>()
  const heard = new Set<Did>(committee.silent)
  for (const vote of committee.votes) {
    if (vote.on !== on || heard.has(vote.seat) || out.has(vote.seat)) continue
    heard.add(vote.seat)
    by.set(vote.choice, [...(by.get(vote.choice) ?? []), vote.seat])
  }
  return { by, open: committee.seats.filter((seat) => !heard.has(seat) && !out.has(seat)) }
}

/** Seats on the side of these choices. */
export function sideOf({ by }: Tally, ...choices: readonly Choice[]): readonly Did[] {
  return choices.flatMap((choice) => by.get(choice) ?? [])
}

/** Ids of these seats' verdicts on one thing, the first of each. */
export function idsOn({ votes }: Committee, on: string, seats: readonly Did[]): readonly string[] {
  const found = seats.map((seat) => votes.find((vote) => vote.on === on && vote.seat === seat)?.id)
  return found.filter((id) => id !== undefined)
}

/** The sides between which a committee decides: K on one of them ends it. */
function sidesOf(committee: Committee): readonly (readonly Choice[])[] {
  return committee.role === 'challenge'
    ? [['upheld'], ['rejected'], ['undecided']]
    : [['accept'], ['reject', 'unavailable']]
}

/** Seats of the largest side. */
export function largestSide(committee: Committee, counted: Tally): number {
  return Math.max(...sidesOf(committee).map((side) => sideOf(counted, ...side).length))
}

/** Seats that said anything that counted, on whatever: they earn their fee. */
export function answeredSeats(committee: Committee): readonly Did[] {
  const out = equivocating(committee)
  return committee.seats.filter(
    (seat) => !out.has(seat) && committee.votes.some((vote) => vote.seat === seat),
  )
}

/**
 * The equivocations that this entry brought to light are slashed, once. `before`: the committee as the entry found it.
 * Source: consensus.md, "Quorums"; economy.md, "Stake and slashing".
 */
export function slashEquivocation(turn: NeedTurn, before: Committee, after: Committee): void {
  const known = equivocating(before)
  for (const account of equivocating(after)) {
    if (known.has(account)) continue
    const vote = after.votes.findLast(({ seat }) => seat === account)
    turn.slash({
      account,
      role: after.role,
      attempt: after.attempt,
      reason: 'equivocation',
      ppm: turn.terms.parameters.slashEquivocationPpm,
      isWholeLock: true,
      ...(vote === undefined ? {} : { evidence: vote.id }),
    })
  }
}
