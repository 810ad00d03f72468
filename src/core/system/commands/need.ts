import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import { threadIdOf } from '../../../codec/envelope/thread-id.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Payload } from '../../../codec/payload/verbs.ts'
import type { Parameters } from '../../../model/parameters.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { err, ok, type Result } from '../../../model/result.ts'
import { escrow } from '../../ledger/escrow.ts'
import { verifyBountyCap } from '../../market/bounds.ts'
import type { SlotFacts } from '../../records/world.ts'
import { capsuleFor } from '../capsules.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { enqueue, secondBeacon, WAITING_MAX } from '../waiting/queue.ts'

type NeedEnvelope = SingleEnvelope<'NEED'>

/**
 * Puts budget and verify_bounty aside; the need then waits for the second beacon from now on. Rejects HALTED (paused),
 * RATE_LIMITED (too many wait), DUPLICATE with the first id (the requester used the key), OVER_CAP, INSUFFICIENT_FUNDS, and what the capsule
 * refuses. Source: lifecycle.md, "Committees"; economy.md, "Bounties and payout"; protocol.md, "Envelope" (thread).
 */
export function applyNeed(
  turn: Turn,
  envelope: NeedEnvelope,
  field: HubCommandOf<'envelope'>['envelope'],
  now: SlotFacts,
): Result<undefined, Rejection> {
  const { id, body } = envelope
  const { payload, sender } = body
  const { network, settings, draft, world } = turn
  if (network.isPaused) return reject('HALTED', 'new needs are not taken')
  const key = threadIdOf(world.net, sender, payload.idempotency_key, world.sha256)
  const first = draft.get('posted', key)
  if (first !== undefined) {
    return err({ code: 'DUPLICATE', message: 'the key was used by this requester', first: first.need })
  }
  if (network.waiting >= WAITING_MAX) return reject('RATE_LIMITED', 'too many needs wait')
  const capped = judgeCaps(payload, settings.parameters)
  if (!capped.ok) return capped
  const capsule = capsuleFor(turn, envelope, now.n)
  if (!capsule.ok) return capsule
  const need = newNeed(envelope, key, capsule.value, now, settings.parameters)
  const escrowed = escrow(turn.book, id, sender, need.budget, need.bounty)
  if (!escrowed.ok) return escrowed
  turn.putNeed(id, need)
  draft.put('posted', key, { need: id })
  const until = now.time + need.deadlineMs
  enqueue(turn, { kind: 'open', need: id, beacons: secondBeacon(turn), until, envelope: field })
  return ok(undefined)
}

function judgeCaps(payload: Payload<'NEED'>, parameters: Parameters): Result<undefined, Rejection> {
  const { task_class, verify_bounty, constraints } = payload
  const cap = verifyBountyCap(task_class, parameters)
  if (BigInt(verify_bounty) > cap) {
    return reject('OVER_CAP', `${cap} at most in class ${task_class}`, 'payload.verify_bounty')
  }
  const { deadline = 0, improving_rounds = 0 } = constraints
  if (deadline > parameters.needDeadlineMaxMs) {
    return reject('OVER_CAP', `${parameters.needDeadlineMaxMs} ms at most`, 'payload.constraints.deadline')
  }
  if (improving_rounds > parameters.improvingRoundsMax) {
    const field = 'payload.constraints.improving_rounds'
    return reject('OVER_CAP', `${parameters.improvingRoundsMax} at most`, field)
  }
  return ok(undefined)
}

function newNeed(
  { body }: NeedEnvelope,
  key: string,
  capsule: string,
  now: SlotFacts,
  parameters: Parameters,
): Need {
  const { payload, sender } = body
  const { judges, deadline } = payload.constraints
  return {
    requester: sender,
    bucket: -1,
    slot: now.n,
    key,
    class: payload.task_class,
    budget: BigInt(payload.budget),
    bounty: BigInt(payload.verify_bounty),
    capability: payload.capability,
    ...(judges === undefined ? {} : { judges }),
    deadlineMs: deadline ?? parameters.needDeadlineMs,
    capsule,
    kPlan: 1,
    kResult: 1,
    fee: 0n,
    lock: 0n,
    lost: 0n,
    insured: 0n,
    bidders: [],
    parties: [],
    roles: [],
    seats: [],
    bonds: [],
    done: [],
  }
}
