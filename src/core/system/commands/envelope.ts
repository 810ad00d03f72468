import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../../codec/ipld.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'
import { applyNeed } from './need.ts'

type Done = Result<undefined, Rejection>

/**
 * A signed envelope that the hub decides about: a NEED, or an account's verb. Rejects as `openEnvelope` and the capsule do, UNKNOWN_CAPABILITY
 * for a verb that others decide about, and what the verb's own rules refuse.
 */
export function applyEnvelope(
  turn: Turn,
  { envelope: field }: HubCommandOf<'envelope'>,
  now: SlotFacts,
): Done {
  const opened = turn.world.openEnvelope(field as Ipld, now.time)
  if (!opened.ok) return opened
  turn.book.causedBy(opened.value.id)
  return applyVerb(turn, opened.value, field, now)
}

function applyVerb(
  turn: Turn,
  envelope: SingleEnvelope,
  field: HubCommandOf<'envelope'>['envelope'],
  now: SlotFacts,
): Done {
  const { body } = envelope
  switch (body.kind) {
    case 'NEED':
      return applyNeed(turn, envelope as SingleEnvelope<'NEED'>, field, now)
    default:
      return reject('UNKNOWN_CAPABILITY', `the hub does not decide about ${body.kind}`, 'kind')
  }
}
