import { equalBytes } from '../../../codec/bytes.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { challengeCommitment } from '../../../codec/payload/commitments.ts'
import type { Micro } from '../../../model/micro.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { judgeProof, leastBond } from '../../challenge/proof.ts'
import { challengeWindowMs } from '../../market/bounds.ts'
import { cidOfId, type NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'
import type { Challenge } from '../tables.ts'

type Command = BucketCommandOf<'challenge'>

/**
 * CHALLENGE_COMMIT, which takes its place in the queue and asks for its bond; then CHALLENGE, which shows what it was about.
 * Rejects MALFORMED for another verb, and as the two below. Source: lifecycle.md, "Entries of a need" (`challenge`).
 */
export function applyChallenge(turn: NeedTurn, { envelope }: Command): Result<Uint8Array, Rejection> {
  const opened = turn.carry(envelope)
  if (!opened.ok) return opened
  const { kind } = opened.value.body
  if (kind === 'CHALLENGE_COMMIT') {
    return commitTo(turn, opened.value as SingleEnvelope<'CHALLENGE_COMMIT'>, envelope)
  }
  if (kind === 'CHALLENGE') return show(turn, opened.value as SingleEnvelope<'CHALLENGE'>)
  return reject('MALFORMED', `${kind} opens no challenge`, 'envelope')
}

/** Challenges of a need that are open at once: an entry that closes them all asks for an effect for each. */
const OPEN_MAX = 128

/**
 * Rejects DUPLICATE for one that is known, RATE_LIMITED while too many are open, INSUFFICIENT_FUNDS for a bond under the smallest, WINDOW_CLOSED after T_challenge,
 * STALE_ATTEMPT for another attempt, NOT_IN_COMMITTEE for a rejection that is not the sender's own.
 */
function commitTo(
  turn: NeedTurn,
  { id, body }: SingleEnvelope<'CHALLENGE_COMMIT'>,
  field: Command['envelope'],
): Result<Uint8Array, Rejection> {
  const { need, terms } = turn
  const { sender, payload } = body
  if (need.challenges.includes(id)) return reject('DUPLICATE', `challenge ${id} is known`)
  const open = need.challenges.filter((other) => turn.challenge(other)?.state !== 'closed').length
  if (open >= OPEN_MAX) return reject('RATE_LIMITED', `${open} challenges are open`)
  const bond = BigInt(payload.bond) as Micro
  const least = leastBond(terms.taskClass, terms.parameters)
  if (bond < least) return reject('INSUFFICIENT_FUNDS', `a challenge bonds at least ${least}`, 'bond')
  const rejection = need.rejections.find((one) => one.attempt === payload.attempt)
  const closed =
    rejection === undefined ? judgeWindow(turn, payload.attempt) : judgeRejected(rejection, sender)
  if (closed !== undefined) return { ok: false, error: closed }
  const against = rejection === undefined ? 'finalize' : 'reject'
  turn.putChallenge(id, {
    challenger: sender,
    attempt: payload.attempt,
    against,
    bond,
    hash: payload.hash,
    state: 'bonding',
    at: turn.now,
  })
  turn.update({
    challenges: [...need.challenges, id],
    rejections: need.rejections.map((one) => (one === rejection ? { ...one, challenge: id } : one)),
  })
  turn.ask({ v: 1, kind: 'bond', need: turn.id, challenge: cidOfId(id), envelope: field })
  return ok(NOTHING)
}

function judgeWindow(turn: NeedTurn, attempt: number): Rejection | undefined {
  const { need, terms } = turn
  const { finalized } = need
  if (attempt !== need.attempt || finalized === undefined) {
    return reject('STALE_ATTEMPT', `attempt ${attempt} has no result to be challenged`).error
  }
  const windowMs = challengeWindowMs(terms.taskClass, terms.budget, terms.parameters)
  return turn.elapsed(finalized.at) >= windowMs
    ? reject('WINDOW_CLOSED', `challenges were taken for ${windowMs} ms`).error
    : undefined
}

/** A rejection that is still in the list is within its window: `sendPenalties` takes out what is over. */
function judgeRejected(
  { worker, challenge }: NeedTurn['need']['rejections'][number],
  sender: string,
): Rejection | undefined {
  if (worker !== sender) return reject('NOT_IN_COMMITTEE', `only ${worker} challenges this rejection`).error
  return challenge === undefined ? undefined : reject('DUPLICATE', `challenge ${challenge} is known`).error
}

/** Rejects CONFLICT where the sender committed itself to nothing like it, or its bond is not locked; and as `judgeProof`. */
function show(turn: NeedTurn, { body }: SingleEnvelope<'CHALLENGE'>): Result<Uint8Array, Rejection> {
  const found = findCommitment(turn, body)
  if (found === undefined)
    return reject('CONFLICT', 'the sender has not committed itself to this', 'envelope')
  const { terms, now } = turn
  const rejection = judgeProof(body.payload, found.challenge.bond, terms.taskClass, terms.parameters)
  if (rejection !== undefined) return { ok: false, error: rejection }
  turn.putChallenge(found.id, { ...found.challenge, state: 'revealed', at: now })
  return ok(NOTHING)
}

/** The challenge that waits for just this. */
export function findCommitment(
  turn: NeedTurn,
  { sender, payload }: SingleEnvelope<'CHALLENGE'>['body'],
): { readonly id: string; readonly challenge: Challenge } | undefined {
  const { net, sha256 } = turn.world
  const hash = challengeCommitment(net, sender, payload, sha256)
  for (const id of turn.need.challenges) {
    const challenge = turn.challenge(id)
    if (challenge?.state !== 'committed' || challenge.challenger !== sender) continue
    if (challenge.attempt === payload.attempt && equalBytes(challenge.hash, hash)) return { id, challenge }
  }
  return undefined
}
