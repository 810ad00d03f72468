import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import { ACCOUNT_VERBS } from '../account-verbs/table.ts'
import { capsuleFor } from '../capsules.ts'
import type { Turn } from '../turn.ts'
import { applyCancelled } from './cancel.ts'
import { applyNeed } from './need.ts'

type Done = Result<undefined, Rejection>

/**
 * A signed envelope that the hub decides about: a NEED, the CANCEL of one that waits, or an account's verb. Rejects as `openEnvelope` and the capsule do,
 * UNKNOWN_CAPABILITY for a verb that others decide about, and what the verb's own rules refuse.
 */
export function applyEnvelope(
  turn: Turn,
  { envelope: field }: HubCommandOf<'envelope'>,
  now: SlotFacts,
): Done {
  const opened = turn.world.openEnvelope(field, now.time)
  if (!opened.ok) return opened
  const envelope = opened.value
  turn.book.causedBy(envelope.id)
  const { kind } = envelope.body
  if (kind === 'NEED') return applyNeed(turn, envelope as SingleEnvelope<'NEED'>, field, now)
  if (kind === 'CANCEL') return applyCancelled(turn, envelope as SingleEnvelope<'CANCEL'>, now)
  return applyAccountVerb(turn, envelope, now)
}

/**
 * A verb of an account's own thread: `seq` is its nonce. Gaps are allowed, going back is not: DUPLICATE.
 * Source: protocol.md, "Verbs".
 */
function applyAccountVerb(turn: Turn, envelope: SingleEnvelope, now: SlotFacts): Done {
  const { body } = envelope
  const verb = ACCOUNT_VERBS[body.kind]
  if (verb === undefined)
    return reject('UNKNOWN_CAPABILITY', `the hub does not decide about ${body.kind}`, 'kind')
  const { book } = turn
  const { nonce } = book.account(body.sender)
  if (body.seq <= nonce) return reject('DUPLICATE', `${nonce} was applied`, 'seq')
  if (!book.exists(body.sender))
    return reject('INSUFFICIENT_FUNDS', 'an account exists from its first credit on')
  const capsule = capsuleFor(turn, envelope, now.n)
  if (!capsule.ok) return capsule
  book.putAccount(body.sender, { ...book.account(body.sender), nonce: body.seq })
  return verb(turn, envelope, now)
}
