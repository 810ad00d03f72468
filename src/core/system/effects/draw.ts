import { envelopeIdOf } from '../../../codec/cid.ts'
import type { ToHubOf } from '../../../codec/entry/effect.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { continueRole, roleOf, type WaitingDraw } from '../waiting/answer-draw.ts'
import { enqueue, secondBeacon } from '../waiting/queue.ts'

/**
 * Seats for a role. Its first ones wait for the second beacon from now on, so that nobody knew them; further ones follow at once
 * from the role's own order. Fewer than asked for when the order is used up: what then happens is the bucket's to say.
 * Source: lifecycle.md, "Committees".
 */
export function applyDraw(turn: Turn, id: string, need: Need, effect: ToHubOf<'draw'>): void {
  const { role, attempt, challenge, wave, count, exclude } = effect
  const asked: WaitingDraw = {
    kind: 'draw',
    need: id,
    beacons: secondBeacon(turn),
    role,
    attempt,
    ...(challenge === undefined ? {} : { challenge: envelopeIdOf(challenge) }),
    wave,
    count,
    exclude,
  }
  const known = roleOf(need, asked)
  if (known === undefined) enqueue(turn, asked)
  else continueRole(turn, need, known, asked)
}
