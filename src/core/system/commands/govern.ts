import { encodeDagCbor } from '../../../codec/dag-cbor/encode.ts'
import type { GovernanceBody, HubCommandOf } from '../../../codec/entry/hub-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { checkStatement } from '../../records/voter-statement.ts'
import type { SlotFacts } from '../../records/world.ts'
import { applyAct, judgeAct } from '../acts.ts'
import { queueKey, type Settings } from '../tables.ts'
import type { Turn } from '../turn.ts'

const WHOLE = 1_000_000
/** Acts that wait for their time, at most. */
const PENDING_MAX = 64

/**
 * An act of governance by the keys of genesis: with `voteThresholdPpm` of them it is in force after the time-lock, with `emergencyPpm` at once; pausing needs
 * the latter. Rejects NOT_IN_COMMITTEE (too few, or who is none of them), DUPLICATE (a vote twice, a nonce that does not rise),
 * BAD_SIGNATURE, RATE_LIMITED, and what the act's own rules refuse. Source: economy.md, "Registry, … governance, breakers".
 */
export function applyGovern(
  turn: Turn,
  command: HubCommandOf<'govern'>,
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { body, votes } = command
  const { network, settings, draft } = turn
  if (body.nonce <= network.nonce) return reject('DUPLICATE', `act ${network.nonce} was taken`, 'body.nonce')
  const counted = countVotes(turn, body, votes)
  if (!counted.ok) return counted
  const { emergencyPpm, voteTimeLockMs } = settings.parameters
  const isAtOnce = counted.value >= votesNeeded(settings).atOnce
  if (body.act.kind === 'pause' && !isAtOnce) {
    return reject(
      'NOT_IN_COMMITTEE',
      `${counted.value} votes, where a pause needs ${emergencyPpm} ppm`,
      'votes',
    )
  }
  const judged = judgeAct(turn, body.act, now)
  if (!judged.ok) return judged
  if (!isAtOnce && draft.keys('acts').length >= PENDING_MAX)
    return reject('RATE_LIMITED', 'too many acts wait')
  turn.patchNetwork({ nonce: body.nonce })
  turn.book.causedBy(`act ${body.nonce}`)
  if (isAtOnce) applyAct(turn, body.act)
  else {
    draft.put('acts', queueKey(body.nonce), { body: encodeDagCbor(body), at: now.time + voteTimeLockMs })
  }
  return ok(undefined)
}

/** How many of the keys have signed this act: enough for its time-lock. */
function countVotes(
  turn: Turn,
  body: GovernanceBody,
  votes: HubCommandOf<'govern'>['votes'],
): Result<number, Rejection> {
  const { governance } = turn.settings
  const voted = new Set<string>()
  for (const { voter, s } of votes) {
    if (!governance.includes(voter)) return reject('NOT_IN_COMMITTEE', `${voter} does not govern`, 'votes')
    if (voted.has(voter)) return reject('DUPLICATE', `${voter} votes twice`, 'votes')
    const checked = checkStatement('governance-vote', { voter, body, s }, turn.world)
    if (!checked.ok) return checked
    voted.add(voter)
  }
  return voted.size >= votesNeeded(turn.settings).afterLock
    ? ok(voted.size)
    : reject('NOT_IN_COMMITTEE', `${voted.size} of ${governance.length} are too few`, 'votes')
}

/** Votes that an act needs: to be in force after its time-lock, and at once. At least one, whatever the share. */
export function votesNeeded({ governance, parameters }: Pick<Settings, 'governance' | 'parameters'>): {
  readonly afterLock: number
  readonly atOnce: number
} {
  const { voteThresholdPpm, emergencyPpm } = parameters
  const share = (ppm: number): number => Math.max(1, Math.ceil((governance.length * ppm) / WHOLE))
  return { afterLock: share(voteThresholdPpm), atOnce: share(emergencyPpm) }
}
