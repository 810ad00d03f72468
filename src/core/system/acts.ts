/** What acts of governance do. Source: economy.md, "Registry, marketplace, channels, governance, breakers". */
import { envelopeIdOf } from '../../codec/cid.ts'
import { decodeGovernanceBody, type GovernanceBody } from '../../codec/entry/hub-command.ts'
import { assert } from '../../model/fault.ts'
import type { Parameters } from '../../model/parameters.ts'
import { parseParameters } from '../../model/parse-parameters.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { mint } from '../ledger/credits.ts'
import { ALL } from '../ledger/tables.ts'
import { checkParameterBounds } from '../market/bounds.ts'
import type { SlotFacts } from '../records/world.ts'
import { parametersToWire } from './parameters.ts'
import type { Settings } from './tables.ts'
import type { Turn } from './turn.ts'

type Act = GovernanceBody['act']

/**
 * Rejects MALFORMED and OVER_CAP for parameters that are none, are beyond their bounds, or break the bound on self-challenges; WINDOW_CLOSED for a capsule's
 * window that has begun, CONFLICT while another capsule waits, UNKNOWN_THREAD for a review in a need that no bucket runs.
 */
export function judgeAct(turn: Turn, act: Act, now: SlotFacts): Result<undefined, Rejection> {
  if (act.kind === 'parameters') {
    const changed = changedParameters(turn.settings, act.changes)
    return changed.ok ? ok(undefined) : changed
  }
  if (act.kind === 'review') return judgeReview(turn, act)
  if (act.kind !== 'capsule') return ok(undefined)
  if (turn.settings.next !== undefined) return reject('CONFLICT', 'another capsule waits', 'body.act')
  return act.from > now.n && act.from < act.until
    ? ok(undefined)
    : reject('WINDOW_CLOSED', `slots ${act.from} to ${act.until}, and this is ${now.n}`, 'body.act.from')
}

/** Does it; one that waited and does not fit any more does nothing. */
export function applyAct(turn: Turn, act: Act): void {
  switch (act.kind) {
    case 'mint':
      return mint(turn.book, act.to, BigInt(act.amount))
    case 'parameters':
      return changeParameters(turn, act.changes)
    case 'attestors':
      return putSettings(turn, { attestors: act.attestors })
    case 'capsule':
      return putSettings(turn, { next: { capsule: act.capsule, from: act.from, until: act.until } })
    case 'pause':
      return turn.patchNetwork({ isPaused: act.paused })
    case 'fence':
      return raiseFence(turn, act)
    case 'review':
      return sendReview(turn, act)
    default:
      return act satisfies never
  }
}

/** In a slot: acts whose time has come, in the order of their nonces; and a capsule whose window is over is the one in force. */
export function applyDueActs(turn: Turn): void {
  const { draft, now } = turn
  assert(now !== undefined, 'acts come due in a slot')
  for (const key of draft.keys('acts')) {
    const pending = draft.get('acts', key)
    if (pending === undefined || pending.at > now.time) continue
    draft.put('acts', key, undefined)
    const body = decodeGovernanceBody(pending.body)
    assert(body.ok, 'what was taken into state has its form')
    turn.book.causedBy(`act ${body.value.nonce}`)
    applyAct(turn, body.value.act)
  }
  const { next, ...rest } = turn.settings
  if (next === undefined || now.n < next.until) return
  draft.put('settings', ALL, { ...rest, capsule: next.capsule })
}

/** The bucket raises its epoch by one when the effect reaches it. Source: consensus.md, "Fence epochs, generations". */
function raiseFence(turn: Turn, { bucket, reason }: Extract<Act, { kind: 'fence' }>): void {
  const { now } = turn
  assert(now !== undefined, 'acts have a slot')
  turn.send(bucket, { v: 1, kind: 'fence', bucket, slot: now.n, reason })
}

type Review = Extract<Act, { kind: 'review' }>

function judgeReview(turn: Turn, { need }: Review): Result<undefined, Rejection> {
  const key = envelopeIdOf(need)
  return (turn.need(key)?.bucket ?? -1) < 0
    ? reject('UNKNOWN_THREAD', `no need ${key} is open`, 'body.act.need')
    : ok(undefined)
}

/** Whether the challenge is in review its bucket knows. A need that has ended meanwhile needs nothing. */
function sendReview(turn: Turn, { need, challenge, outcome }: Review): void {
  const { now } = turn
  assert(now !== undefined, 'acts have a slot')
  const bucket = turn.need(envelopeIdOf(need))?.bucket ?? -1
  if (bucket >= 0) turn.send(bucket, { v: 1, kind: 'reviewed', need, slot: now.n, challenge, outcome })
}

function changedParameters(
  settings: Settings,
  changes: Readonly<Record<string, unknown>>,
): Result<Parameters, Rejection> {
  const wanted = { ...parametersToWire(settings.parameters), ...changes }
  const parsed = parseParameters(settings.class, wanted)
  if (!parsed.ok) return parsed
  const bounded = checkParameterBounds(parsed.value)
  return bounded.ok ? parsed : bounded
}

function changeParameters(turn: Turn, changes: Readonly<Record<string, unknown>>): void {
  const changed = changedParameters(turn.settings, changes)
  if (!changed.ok) return
  putSettings(turn, { parameters: changed.value })
  for (const did of turn.draft.keys('agents')) turn.touch(did)
}

function putSettings(turn: Turn, change: Partial<Settings>): void {
  turn.draft.put('settings', ALL, { ...turn.settings, ...change })
}
